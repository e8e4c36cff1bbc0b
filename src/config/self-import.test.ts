import assert from 'node:assert/strict';
import { mkdtempDisposable, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { loadConfig } from './load.ts';
import { OWN_INDEX, OWN_VERIFY, resolveOwnName } from './self-import.ts';

const context = { conditions: [], importAttributes: {}, parentURL: 'file:///anywhere/webhooks.config.ts' };
const next = (specifier: string) => ({ url: `next:${specifier}` });

describe('the name webhook-receiver', () => {
  it('means the index module of the program that runs', () => {
    assert.equal(OWN_INDEX, new URL('../index.ts', import.meta.url).href);
    assert.deepEqual(resolveOwnName('webhook-receiver', context, next), {
      url: OWN_INDEX,
      shortCircuit: true,
    });
    assert.equal(OWN_VERIFY, new URL('../verify/index.ts', import.meta.url).href);
    assert.deepEqual(resolveOwnName('webhook-receiver/verify', context, next), {
      url: OWN_VERIFY,
      shortCircuit: true,
    });
  });

  it('leaves all other names alone', () => {
    for (const name of ['webhook-receiver/x', './webhook-receiver', 'zod', 'node:fs']) {
      assert.deepEqual(resolveOwnName(name, context, next), { url: `next:${name}` });
    }
  });

  it('gives a config file in any folder the very classes that the program knows', async () => {
    await using folder = await mkdtempDisposable(join(tmpdir(), 'config-'));
    const text = `import { defineConfig, PermanentError } from 'webhook-receiver';
      export default defineConfig({ destinations: { d: { handler: () => PermanentError } } });`;
    await writeFile(join(folder.path, 'webhooks.config.mjs'), text);
    const [destination] = (await loadConfig({ env: {}, cwd: folder.path })).destinations;
    assert.ok(destination?.target.kind === 'function');
    const { PermanentError } = await import('../domain/errors.ts');
    assert.equal(destination.target.handle({} as never, {} as never), PermanentError);
  });
});

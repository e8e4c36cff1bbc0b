import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { it } from 'node:test';
import { pathToFileURL } from 'node:url';
import { tempDir } from '../../testkit/temp-dir.ts';
import { changedModules, importsBelow, noteModule } from '../runtime/loaded-modules.ts';
import { freshImport } from './fresh-import.ts';

const loadedValue = async (file: string) =>
  ((await freshImport(pathToFileURL(file).href)) as { default: { value: number } }).default.value;

for (const [kind, name, text] of [
  ['a module', 'a.mjs', (value: number) => `export default { value: ${value} };`],
  ['TypeScript', 'a.ts', (value: number) => `const value: number = ${value}; export default { value };`],
  ['CommonJS', 'a.js', (value: number) => `module.exports = { value: ${value} };`],
] as const) {
  it(`loads ${kind} as it is now, evaluated again even if it is the same`, async (t) => {
    const file = join(await tempDir(t), name);
    for (const value of [1, 2, 3]) {
      writeFileSync(file, text(value));
      assert.equal(await loadedValue(file), value);
    }
  });
}

it('evaluates an unchanged file again, since what it reads may have changed', async (t) => {
  const folder = await tempDir(t);
  const file = join(folder, 'a.mjs');
  writeFileSync(
    file,
    "import { readFileSync } from 'node:fs';\nexport default { value: Number(readFileSync(new URL('n', import.meta.url))) };",
  );
  writeFileSync(join(folder, 'n'), '1');
  assert.equal(await loadedValue(file), 1);
  writeFileSync(join(folder, 'n'), '2');
  assert.equal(await loadedValue(file), 2);
});

it('keeps what a module imports, and tells which of these files have changed', async (t) => {
  const folder = await tempDir(t);
  const at = (name: string) => join(folder, name);
  mkdirSync(at('node_modules/pack'), { recursive: true });
  writeFileSync(at('node_modules/pack/index.js'), 'export const p = 1;');
  writeFileSync(
    at('node_modules/pack/package.json'),
    '{"name":"pack","type":"module","exports":"./index.js"}',
  );
  writeFileSync(at('deep.mjs'), 'export const value = 1;');
  writeFileSync(at('under.mjs'), "export { value } from './deep.mjs'; import 'pack';");
  writeFileSync(at('a.mjs'), "import { value } from './under.mjs';\nexport default { value };");
  assert.equal(await loadedValue(at('a.mjs')), 1);
  assert.deepEqual(importsBelow(at('a.mjs')), [at('under.mjs'), at('deep.mjs')]);
  assert.deepEqual(await changedModules(importsBelow(at('a.mjs'))), []);

  writeFileSync(at('deep.mjs'), 'export const value = 2;');
  assert.equal(await loadedValue(at('a.mjs')), 1, 'it was loaded once');
  assert.deepEqual(await changedModules([at('under.mjs')]), [at('deep.mjs')]);
  writeFileSync(at('deep.mjs'), 'export const value = 1;');
  assert.deepEqual(await changedModules([at('under.mjs')]), [], 'as it was loaded');
});

it('tells of a module of a handler that has changed, or is gone', async (t) => {
  const file = join(await tempDir(t), 'handler.mjs');
  writeFileSync(file, 'export default () => {};');
  noteModule(file);
  await import(pathToFileURL(file).href);
  assert.deepEqual(await changedModules([file]), []);
  writeFileSync(file, 'export default () => 1;');
  assert.deepEqual(await changedModules([file]), [file]);
});

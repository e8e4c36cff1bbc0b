import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { UserConfig } from '../../src/index.ts';
import { createReceiver } from '../../src/receiver.ts';
import { startReceiver } from '../../testkit/receiver.ts';
import { tempDir } from '../../testkit/temp-dir.ts';
import { assertProblem, envelope, post, request } from './support.ts';

const GITHUB = { github: { provider: 'github', secret: 'right' } } as const;

describe('POST /webhooks without verification', () => {
  const answerTo = async (url: string) => post(`${url}/webhooks`, envelope());

  it('is open without a verified source, and where it is declared', async (t) => {
    for (const sources of [{}, { orders: {} }, { ...GITHUB, default: {} }]) {
      const { url } = await startReceiver(t, { sources });
      assert.equal((await answerTo(url)).status, 202);
    }
  });

  it('is closed beside a verified source, by each of its names', async (t) => {
    for (const sources of [GITHUB, { ...GITHUB, default: false } as const, { default: false } as const]) {
      const { url } = await startReceiver(t, { sources });
      assertProblem(await answerTo(url), 'unknown_source');
      assertProblem(await post(`${url}/webhooks/default`, envelope()), 'unknown_source');
      assert.equal((await request(`${url}/webhooks`)).status, 422);
    }
  });

  it('is verified where it has a provider', async (t) => {
    const { url } = await startReceiver(t, { sources: { default: GITHUB.github } });
    assertProblem(await answerTo(url), 'unverified');
  });

  it('ends a start that would close it while its events are kept, with the lines to choose from', async (t) => {
    const env = {
      DB_PATH: `${await tempDir(t)}/events.db`,
      HOST: '127.0.0.1',
      PORT: '0',
      LOG_LEVEL: 'FATAL',
    };
    const run = async (config: UserConfig, use: (url: string) => Promise<void> = async () => {}) => {
      const receiver = createReceiver({ ...config, env });
      t.after(() => receiver.stop().catch(() => {}));
      await use((await receiver.start()).url);
      await receiver.stop();
    };
    // An empty inbox closes without a word.
    await run({ sources: GITHUB });
    await run({}, async (url) => assert.equal((await answerTo(url)).status, 202));
    await assert.rejects(run({ sources: GITHUB }), (error: Error) => {
      assert.match(error.message, /^ {6}default: \{\},/m);
      assert.match(error.message, /^ {6}default: false,/m);
      return true;
    });
    await run({ sources: { ...GITHUB, default: {} } });
    await run({ sources: { ...GITHUB, default: false } });
  });

  it('takes false for default alone', async () => {
    const receiver = createReceiver({ sources: { orders: false } });
    await assert.rejects(receiver.start(), /sources\.orders: got a boolean, .*only default can be false/);
  });
});

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type ReceiverFolder, receiverFolder } from '../../testkit/receiver-process.ts';
import { anEnvelope, eventInStatus, metricSum, postEvent } from '../e2e/support/client.ts';
import { readStored, withStore } from '../e2e/support/stored.ts';

const DEATHS = [
  { how: 'exits', code: 'process.exit(7)', ending: { code: 7, signal: null } },
  {
    how: 'is killed',
    code: "process.kill(process.pid, 'SIGKILL')",
    ending: { code: null, signal: 'SIGKILL' },
  },
] as const;

const MAX_ATTEMPTS = 2;
const NEIGHBOURS = ['before-1', 'before-2', 'after-1', 'after-2'];

describe('an event whose handler kills the process', () => {
  for (const { how, code, ending } of DEATHS) {
    it(`is charged for each death and ends as a dead letter (the process ${how})`, async (t) => {
      const folder = await receiverFolder(t, {
        config: configWith(`if (event.eventType === 'poison') ${code};`),
        env: { MAX_ATTEMPTS: String(MAX_ATTEMPTS), RETRY_BASE_DELAY: '0' },
      });
      const receiver = await folder.start();
      for (const key of ['before-1', 'before-2', 'poison', 'after-1', 'after-2']) {
        const event_type = key === 'poison' ? 'poison' : 'order.created';
        // The process may be gone already; its sender would come again, and does below.
        await postEvent(receiver.url, anEnvelope(key, { event_type })).catch(() => null);
      }
      assertEnding(await receiver.exit(), ending);
      for (let death = 2; death <= MAX_ATTEMPTS; death++) assertEnding(await folder.run(), ending);

      const survivor = await folder.start();
      for (const key of NEIGHBOURS) await postEvent(survivor.url, anEnvelope(key));
      assert.equal((await eventInStatus(survivor.url, 'poison', 'failed')).attempts, MAX_ATTEMPTS);
      for (const key of NEIGHBOURS) await eventInStatus(survivor.url, key, 'completed');
      assert.equal(await metricSum(survivor.url, 'webhook_attempts_total', 'outcome="interrupted"'), 1);
      await survivor.stop();
      await assertDeadLetter(folder);
    });
  }
});

/** One event at work at a time, so that the poison is alone when it strikes. */
function configWith(statement: string): string {
  return `export default { destinations: { fragile: {
    concurrency: 1,
    handler: async (event) => { ${statement} },
  } } };`;
}

type Ending = Readonly<{ code: number | null; signal: string | null }>;

function assertEnding({ code, signal }: Ending, expected: Ending): void {
  assert.deepEqual({ code, signal }, expected);
}

async function assertDeadLetter({ databasePath }: ReceiverFolder): Promise<void> {
  await withStore(databasePath, async (store) => {
    const { delivery, attempts } = (await readStored(store, 'poison'))!.deliveries[0]!;
    assert.equal(delivery.status, 'failed');
    assert.match(delivery.lastError!, /interrupted/);
    assert.deepEqual(
      attempts.map(({ number, outcome }) => [number, outcome]),
      [
        [1, 'interrupted'],
        [2, 'interrupted'],
      ],
    );
  });
}

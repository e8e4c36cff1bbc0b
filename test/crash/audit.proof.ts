import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { toAuditEntry } from '../../src/store/audit-chain.ts';
import { createAuditVerifier } from '../../src/store/audit-verify.ts';
import { type ReceiverFolder, receiverFolder } from '../../testkit/receiver-process.ts';
import { createSeededRandom, testSeeds } from '../../testkit/seeded-random.ts';
import { anEnvelope, eventInStatus, postEvent } from '../e2e/support/client.ts';
import { withStore } from '../e2e/support/stored.ts';

const TOKEN = 'the-token-of-the-admin-of-this-proof';
const KILLS = 8;
const EVENTS = 20;
const CONFIG = `import { PermanentError } from 'webhook-receiver';
export default { destinations: { broken: { handler: () => { throw new PermanentError('no'); } } } };`;

type DeadLetter = Readonly<{ id: string; event_id: string }>;

describe('a receiver that is killed while operators replay', () => {
  for (const seed of testSeeds([1, 2])) {
    it(`has the replay and its row, or neither (seed ${seed})`, async (t) => {
      const random = createSeededRandom(seed);
      const folder = await receiverFolder(t, {
        config: CONFIG,
        env: { ADMIN_TOKEN: TOKEN, QUEUE_MAXSIZE: '5000' },
      });
      const eventIds = await makeDeadLetters(folder);
      const heads: string[] = [];
      for (let kill = 0; kill < KILLS; kill++) {
        await replayUntilKilled(folder, 1 + Math.floor(random.next() * 40));
        heads.push(await assertWhole(folder, eventIds));
      }
      await withStore(folder.databasePath, async (store) => {
        const rows = await store.readAudit(0, 1_000_000);
        for (const head of heads) {
          const verifier = createAuditVerifier(head);
          for (const row of rows) verifier.see(row);
          assert.deepEqual(verifier.end().flaws, []);
        }
      });
    });
  }
});

async function makeDeadLetters(folder: ReceiverFolder): Promise<string[]> {
  const receiver = await folder.start();
  const ids: string[] = [];
  for (let count = 0; count < EVENTS; count++) {
    await postEvent(receiver.url, anEnvelope(`key-${count}`));
    ids.push(String((await eventInStatus(receiver.url, `key-${count}`, 'failed')).id));
  }
  await receiver.stop();
  return ids;
}

/** Several operators replay all dead letters again and again; after so many answers the process is killed. */
async function replayUntilKilled(folder: ReceiverFolder, answers: number): Promise<void> {
  const receiver = await folder.start();
  const headers = { authorization: `Bearer ${TOKEN}` };
  let left = answers;
  const operate = async () => {
    while (left > 0) {
      const list = await fetch(`${receiver.url}/admin/dead-letters`, { headers });
      const { deliveries } = (await list.json()) as { deliveries: DeadLetter[] };
      for (const { id } of deliveries) {
        await fetch(`${receiver.url}/admin/deliveries/${id}/replay`, { method: 'POST', headers });
        left -= 1;
        if (left <= 0) return receiver.kill('SIGKILL');
      }
    }
  };
  // Whoever waits for an answer when it dies gets none.
  await Promise.allSettled([operate(), operate(), operate()]);
  await receiver.exit();
}

/** @returns the head */
async function assertWhole(folder: ReceiverFolder, eventIds: readonly string[]): Promise<string> {
  return withStore(folder.databasePath, async (store) => {
    const rows = await store.readAudit(0, 1_000_000);
    const verifier = createAuditVerifier(null);
    for (const row of rows) verifier.see(row);
    const { flaws, head } = verifier.end();
    assert.deepEqual(flaws, []);
    const told = rows
      .map(toAuditEntry)
      .filter(({ action, after }) => action === 'delivery.replay' && !after?.refused);
    const made = (await Promise.all(eventIds.map((id) => store.deliveriesOf(id)))).flat();
    const replays = made.flatMap(({ id, replayOf }) => (replayOf === null ? [] : `${replayOf} ${id}`));
    assert.deepEqual(
      told.map(({ target, after }) => `${target} ${after?.replay_id}`).toSorted(),
      replays.toSorted(),
    );
    assert.ok(replays.length > 0);
    return head!;
  });
}

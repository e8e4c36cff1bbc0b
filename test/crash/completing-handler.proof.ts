import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { DatabaseSync } from 'node:sqlite';
import { describe, it, type TestContext } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { deliveryIdOf } from '../../src/domain/delivery.ts';
import { eventually } from '../../testkit/eventually.ts';
import { type ReceiverFolder, receiverFolder } from '../../testkit/receiver-process.ts';
import { createSeededRandom, testSeeds } from '../../testkit/seeded-random.ts';
import { openDeliveries } from '../e2e/support/client.ts';
import { COUNTING_CONFIG, STEPS, type Step, setTrap, shuffled, sprung, trapAt, untrap } from './counting.ts';
import { createSenders, type Sender } from './senders.ts';

const ROUNDS_PER_STEP = 5;
const SENDERS = 8;
const NODE = fileURLToPath(new URL('../cluster/support/node.ts', import.meta.url));
const LEASE_MS = 500;
const PASSES_BETWEEN_STOPS = 200;

for (const seed of testSeeds([randomInt(1_000_000)])) {
  describe(`a handler that counts into a table by ctx.complete, on SQLite (TEST_SEED=${seed})`, () => {
    it('counts each event exactly once, whenever the process is killed', async (t) => {
      const random = createSeededRandom(seed);
      const folder = await openFolder(t);
      const senders = createSenders(SENDERS, random);
      const steps = shuffled(Array<readonly Step[]>(ROUNDS_PER_STEP).fill(STEPS).flat(), random);
      for (const step of steps) {
        await setTrap(folder.path, trapAt(step, 'SIGKILL', random));
        const receiver = await folder.start();
        const sending = Promise.all(senders.map((sender) => sender.sendUntilCut(receiver.url)));
        const [exit] = await Promise.all([receiver.exit(), sending]);
        assert.equal(exit.signal, 'SIGKILL', step);
        await untrap(folder.path);
      }
      await check(t, folder, senders, `${steps.length} kills`);
    });

    it('counts each event exactly once, whenever the process stands still for longer than its leases', async (t) => {
      const random = createSeededRandom(seed);
      const folder = await openFolder(t);
      const senders = createSenders(SENDERS, random);
      const receiver = await folder.start();
      const sending = Promise.all(senders.map((sender) => sender.sendUntilCut(receiver.url)));
      for (const step of shuffled(STEPS, random)) {
        await setTrap(folder.path, trapAt(step, 'SIGSTOP', random, PASSES_BETWEEN_STOPS));
        await sprung(folder.path);
        await pause(2.5 * LEASE_MS);
        receiver.kill('SIGCONT');
        await untrap(folder.path);
      }
      await pause(LEASE_MS);
      await Promise.all([receiver.stop(), sending]);
      await check(t, folder, senders, `${STEPS.length} stops`);
    });
  });
}

function openFolder(t: TestContext): Promise<ReceiverFolder> {
  return receiverFolder(t, {
    program: NODE,
    config: COUNTING_CONFIG,
    env: {
      TEST_LEASE_MS: String(LEASE_MS),
      WORKER_COUNT: '16',
      QUEUE_MAXSIZE: '1000000',
      MAX_ATTEMPTS: '100',
      RETRY_BASE_DELAY: '0',
    },
  });
}

/** Lets all be done, and compares the handler's own tables with the deliveries. */
async function check(
  t: TestContext,
  folder: ReceiverFolder,
  senders: readonly Sender[],
  what: string,
): Promise<void> {
  const receiver = await folder.start();
  await eventually('all is done', async () => (await openDeliveries(receiver.url)) === 0);
  assert.equal((await receiver.stop()).code, 0);

  const db = new DatabaseSync(folder.databasePath, { readOnly: true });
  const applied = db
    .prepare('select delivery_id from applied')
    .all()
    .map((row) => String(row.delivery_id));
  const [{ total }] = db.prepare('select sum(total) as total from counts').all() as [{ total: number }];
  const [{ deliveries, completed, tries }] = db
    .prepare(
      `select count(*) as deliveries, count(*) filter (where status = 'completed') as completed,
        (select count(*) from attempts) as tries from deliveries`,
    )
    .all() as [{ deliveries: number; completed: number; tries: number }];
  const counted = db
    .prepare(`select sum(count) as count from delivery_counts where status = 'completed'`)
    .get();
  db.close();

  t.diagnostic(`${total} counted for ${deliveries} events in ${tries} tries, ${what}`);
  assert.equal(new Set(applied).size, applied.length, 'no delivery counted twice');
  assert.deepEqual([applied.length, total, completed, counted!.count], Array(4).fill(deliveries));
  const known = new Set(applied);
  for (const { ledger } of senders) {
    for (const [key, { id }] of ledger.acknowledged)
      assert.ok(known.has(deliveryIdOf(id, 1)), `${key} is not counted`);
  }
  assert.ok(deliveries > 1_000, 'too few events to prove anything');
}

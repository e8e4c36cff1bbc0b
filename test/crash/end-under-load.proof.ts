import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import type { Attempt } from '../../src/domain/attempt.ts';
import type { Store } from '../../src/store/store.ts';
import { eventually } from '../../testkit/eventually.ts';
import { type Exit, type ReceiverProcess, receiverFolder } from '../../testkit/receiver-process.ts';
import { createSeededRandom, testSeeds } from '../../testkit/seeded-random.ts';
import { eventByKey, openDeliveries } from '../e2e/support/client.ts';
import { countOf } from '../e2e/support/count-of.ts';
import { inParallel } from '../e2e/support/in-parallel.ts';
import { readStored, withStore } from '../e2e/support/stored.ts';
import { createSenders, type Ledger, type Sender } from './senders.ts';

const KILLS = 6;
const STOPS = 4;
const SENDERS = 6;
const END_AFTER_MS = { least: 150, most: 700 };

/** Writes down every run before it works for some milliseconds; the file survives the process. */
const CONFIG = `
  import { appendFileSync } from 'node:fs';
  import { setTimeout as work } from 'node:timers/promises';
  export default { destinations: { ledger: {
    concurrency: 6,
    handler: async (event, { deliveryId }) => {
      appendFileSync('runs.txt', deliveryId + '\\n');
      await work(5);
    },
  } } };`;

for (const seed of testSeeds([randomInt(1_000_000)])) {
  describe(`a receiver that ends under load again and again (TEST_SEED=${seed})`, () => {
    it('loses nothing that it acknowledged when it is killed, and charges what the kill hit', async (t) => {
      const kill = (receiver: ReceiverProcess) => receiver.crash();
      const interrupted = await endAgainAndAgain(t, seed, { rounds: KILLS, end: kill });
      assert.ok(interrupted > 0, 'no kill hit an attempt: the load was too low to prove anything');
    });

    it('loses nothing when it is stopped, and charges nothing', async (t) => {
      const stop = async (receiver: ReceiverProcess) => {
        const exit = await receiver.stop();
        assert.deepEqual([exit.code, exit.stderr], [0, '']);
        return exit;
      };
      const interrupted = await endAgainAndAgain(t, seed, { rounds: STOPS, end: stop });
      assert.equal(interrupted, 0);
    });
  });
}

type Rounds = Readonly<{ rounds: number; end: (receiver: ReceiverProcess) => Promise<Exit> }>;

/** @returns how many attempts were interrupted */
async function endAgainAndAgain(t: TestContext, seed: number, { rounds, end }: Rounds): Promise<number> {
  const random = createSeededRandom(seed);
  const folder = await receiverFolder(t, {
    config: CONFIG,
    // A queue that is short enough to be full now and then.
    env: { QUEUE_MAXSIZE: '60', MAX_ATTEMPTS: '100', RETRY_BASE_DELAY: '0' },
  });
  const senders = createSenders(SENDERS, random);
  for (let round = 1; round <= rounds; round++) {
    const receiver = await folder.start();
    await knowsAll(receiver, senders);
    const sending = Promise.all(senders.map((sender) => sender.sendUntilCut(receiver.url)));
    await pause(END_AFTER_MS.least + random.int(END_AFTER_MS.most - END_AFTER_MS.least));
    await Promise.all([end(receiver), sending]);
  }

  const receiver = await folder.start();
  await eventually('the queue is empty', async () => (await openDeliveries(receiver.url)) === 0);
  assert.equal((await receiver.stop()).code, 0);
  const runs = countOf((await readFile(join(folder.path, 'runs.txt'), 'utf8')).split('\n'));
  return withStore(folder.databasePath, async (store) => {
    const checks = senders.map(({ ledger }) => checkLedger(store, ledger, runs, rounds));
    const interrupted = sum(await Promise.all(checks));
    t.diagnostic(describeRun(senders, interrupted));
    return interrupted;
  });
}

/** Every event that the last round acknowledged is there by its key, under the id that was told. */
async function knowsAll(receiver: ReceiverProcess, senders: readonly Sender[]): Promise<void> {
  const fresh = senders.flatMap((sender) => sender.takeFresh());
  await inParallel(SENDERS, fresh, async ({ key, id }) => {
    assert.equal((await eventByKey(receiver.url, key))?.id, id, `${key} was acknowledged as ${id}`);
  });
}

/** @returns how many attempts were interrupted */
async function checkLedger(
  store: Store,
  ledger: Ledger,
  runs: ReadonlyMap<string, number>,
  rounds: number,
): Promise<number> {
  for (const key of ledger.refused) assert.equal(await readStored(store, key), null, `${key} was refused`);
  let total = 0;
  for (const [key, { id, body }] of ledger.acknowledged) {
    const { event, deliveries } = (await readStored(store, key))!;
    assert.equal(event.id, id);
    assert.equal(Buffer.from(event.body).toString(), body);
    const { delivery, attempts } = deliveries[0]!;
    assert.equal(delivery.status, 'completed');
    const interrupted = checkAttempts(key, attempts, runs.get(delivery.id) ?? 0);
    assert.ok(interrupted <= rounds);
    total += interrupted;
  }
  return total;
}

function checkAttempts(key: string, attempts: readonly Attempt[], runs: number): number {
  const outcomes = attempts.map(({ outcome }) => outcome);
  const interrupted = outcomes.length - 1;
  assert.deepEqual(outcomes, [...Array(interrupted).fill('interrupted'), 'succeeded'], key);
  // A kill may come between the lease and the run; beyond that a run is charged, whatever became of it.
  assert.ok(runs >= 1 && runs <= 1 + interrupted, `${key}: ${runs} runs, ${interrupted} interrupted`);
  return interrupted;
}

function describeRun(senders: readonly Sender[], interrupted: number): string {
  const count = (of: (ledger: Ledger) => number) => sum(senders.map(({ ledger }) => of(ledger)));
  return (
    `${count((l) => l.acknowledged.size)} acknowledged, ${count((l) => l.repeats)} repeated, ` +
    `${count((l) => l.refused.size)} refused, ${interrupted} attempts interrupted`
  );
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

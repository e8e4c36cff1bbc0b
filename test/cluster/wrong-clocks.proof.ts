import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { describe, it } from 'node:test';
import { createSeededRandom, testSeeds } from '../../testkit/seeded-random.ts';
import { liveInOrder } from '../order/live.ts';
import { startNodes } from '../order/site.ts';
import { describeTally, endAndCheck } from './support/check.ts';
import { type Cluster, startCluster } from './support/cluster.ts';
import { goesOn, type Load, startLoad } from './support/load.ts';
import { type Run, readRuns } from './support/runs.ts';
import { type Clocks, skipWithoutFaketime, startClocks, type WrongClocks } from './support/wrong-clocks.ts';

const LEASE_MS = 2_000;
const WRONG_CLOCKS: WrongClocks = {
  ahead: ['+10m', '+1m'],
  behind: ['-10m', '-1m'],
  right: ['+0', '+10m'],
};

/** Without jitter a first retry comes after twice the base. */
const BASE_DELAY_S = 1;
const FIRST_RETRY_MS = 2 * BASE_DELAY_S * 1_000;
/** Half of an answer's time, by which a node may read the server's clock wrongly; on a busy machine. */
const EARLY_MS = 250;
/** Less than any clock is wrong by, and more than a busy machine needs. */
const LATE_MS = 40_000;

for (const seed of testSeeds([randomInt(1_000_000)])) {
  describe(`nodes whose clocks are wrong by minutes, and step, under load (TEST_SEED=${seed})`, {
    skip: skipWithoutFaketime,
  }, () => {
    it('take back no live lease, charge no attempt, and retry at the times of the policy', async (t) => {
      const clocks = await startClocks(t, WRONG_CLOCKS);
      const cluster = await startCluster(t, {
        ...clocks,
        leaseMs: LEASE_MS,
        env: { RETRY_BASE_DELAY: String(BASE_DELAY_S), RETRY_MAX_DELAY: '60', RETRY_JITTER: '0' },
      });
      const load = startLoad(t, cluster.urls, createSeededRandom(seed));
      await letEachLead(cluster, clocks, load, async (leader) => {
        await cluster.kill(leader);
        await cluster.revive(leader);
      });
      for (let rounds = 0; rounds < 10; rounds++) await goesOn(load);
      const tally = await endAndCheck(cluster, load);
      t.diagnostic(describeTally(tally));
      assert.equal(tally.overtaken, 0);
      const delays = retryDelays(await readRuns(cluster.folder));
      assert.ok(delays.length > 5, `${delays.length} retries prove nothing`);
      t.diagnostic(
        `${delays.length} retries after ${Math.round(Math.min(...delays))} to ${Math.round(Math.max(...delays))} ms`,
      );
      for (const delayMs of delays) {
        assert.ok(delayMs >= FIRST_RETRY_MS - EARLY_MS, `a retry came after ${Math.round(delayMs)} ms`);
        assert.ok(delayMs <= FIRST_RETRY_MS + LATE_MS, `a retry came after ${Math.round(delayMs)} ms`);
      }
    });

    it('give nothing up that has one attempt, however much longer than a lease it works', async (t) => {
      const clocks = await startClocks(t, WRONG_CLOCKS);
      const cluster = await startCluster(t, { ...clocks, leaseMs: LEASE_MS, env: { MAX_ATTEMPTS: '1' } });
      const load = startLoad(t, cluster.urls, createSeededRandom(seed), { failing: 0, longMs: 2 * LEASE_MS });
      // The lead goes over by an end in good order: a kill would charge what it interrupts.
      await letEachLead(cluster, clocks, load, async (leader) => {
        await cluster.restart(leader);
      });
      const tally = await endAndCheck(cluster, load);
      t.diagnostic(describeTally(tally));
      assert.deepEqual([tally.interrupted, tally.overtaken, tally.runs], [0, 0, tally.acknowledged]);
    });

    it('keep the order of each key', async (t) => {
      const clocks = await startClocks(t, {
        one: ['+10m', '+1m'],
        two: ['-10m', '+10m'],
        three: ['-1m', '-10m'],
      });
      const site = await startNodes(t, {}, clocks.envOf);
      await liveInOrder(
        t,
        seed,
        {
          ...site,
          async kill(name) {
            await clocks.step();
            await site.kill(name);
          },
        },
        ['calm', 'kill', 'freeze', 'kill', 'calm', 'kill'],
      );
    });
  });
}

/** Whatever the clocks of the node that leads; they step in the middle. */
async function letEachLead(
  cluster: Cluster,
  clocks: Clocks,
  load: Load,
  end: (leader: string) => Promise<void>,
): Promise<void> {
  for (const name of clocks.names) {
    for (let rounds = 0; rounds < 5; rounds++) await goesOn(load);
    if (name === 'behind') await clocks.step();
    await end(await cluster.leader());
  }
}

/** From the end of each first attempt that failed to the beginning of the second one, by the machine's monotonic clock. */
function retryDelays(runs: readonly Run[]): number[] {
  return [...Map.groupBy(runs, ({ deliveryId }) => deliveryId).values()].flatMap(([first, second]) =>
    first?.attempt === 1 && first.threw && second?.attempt === 2 ? [second.startMs - first.endMs!] : [],
  );
}

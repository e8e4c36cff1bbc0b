import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { describe, it } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { createSeededRandom, testSeeds } from '../../testkit/seeded-random.ts';
import { describeTally, endAndCheck } from './support/check.ts';
import { startCluster } from './support/cluster.ts';
import { startLoad } from './support/load.ts';
import { inLongWork } from './support/long-work.ts';

const NAMES = ['one', 'two', 'three'];
const LEASE_MS = 6_000;
const KILLS = 4;

for (const seed of testSeeds([randomInt(1_000_000)])) {
  describe(`three nodes of which one after the other is killed under load (TEST_SEED=${seed})`, () => {
    it('lose nothing that was acknowledged; leases of the dead are taken back and charged', async (t) => {
      const random = createSeededRandom(seed);
      const cluster = await startCluster(t, { names: NAMES, leaseMs: LEASE_MS });
      const load = startLoad(t, cluster.urls, random);
      for (let kill = 0; kill < KILLS; kill++) {
        await pause(random.int(700));
        const victim = random.pick(NAMES);
        await inLongWork(cluster, victim);
        await cluster.kill(victim);
        await pause(random.int(1_000));
        await cluster.revive(victim);
      }
      const tally = await endAndCheck(cluster, load);
      t.diagnostic(describeTally(tally));
      assert.ok(tally.interrupted >= KILLS, 'each kill hit what was at work');
    });
  });
}

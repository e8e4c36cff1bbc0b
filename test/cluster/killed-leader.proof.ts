import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { describe, it } from 'node:test';
import { createSeededRandom, testSeeds } from '../../testkit/seeded-random.ts';
import { describeTally, endAndCheck } from './support/check.ts';
import { startCluster } from './support/cluster.ts';
import { startLoad } from './support/load.ts';
import { inLongWork } from './support/long-work.ts';

const NAMES = ['one', 'two', 'three'];
const LEASE_MS = 6_000;
const KILLS = 2;
/** The others ask for the lock every five seconds. */
const SUCCESSION_MS = 10_000;

for (const seed of testSeeds([randomInt(1_000_000)])) {
  describe(`three nodes whose leader is killed under load (TEST_SEED=${seed})`, () => {
    it('have another leader within seconds, again and again', async (t) => {
      const random = createSeededRandom(seed);
      const cluster = await startCluster(t, { names: NAMES, leaseMs: LEASE_MS });
      const load = startLoad(t, cluster.urls, random);
      for (let kill = 0; kill < KILLS; kill++) {
        const leader = await cluster.leader();
        await inLongWork(cluster, leader);
        await cluster.kill(leader);
        const fromMs = performance.now();
        const next = await cluster.leader(leader);
        const tookMs = performance.now() - fromMs;
        assert.ok(tookMs < SUCCESSION_MS, `${next} leads after ${tookMs} ms`);
        t.diagnostic(`${next} leads ${Math.round(tookMs)} ms after ${leader} was killed`);
        await cluster.revive(leader);
      }
      const tally = await endAndCheck(cluster, load);
      t.diagnostic(describeTally(tally));
      assert.ok(tally.interrupted >= KILLS, 'each kill hit what was at work');
    });
  });
}

import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { describe, it } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { eventually } from '../../testkit/eventually.ts';
import { createSeededRandom, testSeeds } from '../../testkit/seeded-random.ts';
import { describeTally, endAndCheck } from './support/check.ts';
import { startCluster } from './support/cluster.ts';
import { startLoad } from './support/load.ts';

const NAMES = ['one', 'two', 'three'];
/** Longer than the outages, so that only claims whose answer was lost run out. */
const LEASE_MS = 12_000;
const OUTAGES = 3;

for (const seed of testSeeds([randomInt(1_000_000)])) {
  describe(`PostgreSQL killed and started again under the load of three nodes (TEST_SEED=${seed})`, () => {
    it('answers 503 meanwhile, loses nothing acknowledged, and work goes on by itself', async (t) => {
      const random = createSeededRandom(seed);
      const cluster = await startCluster(t, { names: NAMES, leaseMs: LEASE_MS });
      const load = startLoad(t, cluster.urls, random);
      for (let outage = 0; outage < OUTAGES; outage++) {
        await pause(500 + random.int(700));
        const [refused, before] = [load.refused(), load.acknowledged.size];
        await cluster.crashDatabase(300 + random.int(700));
        assert.ok(load.refused() > refused, 'nobody was told that the store is away');
        await eventually('events are taken again', () => load.acknowledged.size > before + 50);
      }
      await cluster.leader();
      t.diagnostic(describeTally(await endAndCheck(cluster, load)));
    });
  });
}

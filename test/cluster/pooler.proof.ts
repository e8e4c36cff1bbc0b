import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { describe, it } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { eventually } from '../../testkit/eventually.ts';
import { skipWithout } from '../../testkit/on-path.ts';
import { createSeededRandom, testSeeds } from '../../testkit/seeded-random.ts';
import { describeTally, endAndCheck } from './support/check.ts';
import { startCluster } from './support/cluster.ts';
import { startLoad } from './support/load.ts';
import { inLongWork } from './support/long-work.ts';
import { machineMs } from './support/now.ts';

const NAMES = ['one', 'two', 'three'];
/** Longer than the outages, so that only claims whose answer was lost run out. */
const LEASE_MS = 15_000;

for (const seed of testSeeds([randomInt(1_000_000)])) {
  describe(`three nodes behind PgBouncer in transaction mode, under load (TEST_SEED=${seed})`, {
    skip: skipWithout('pgbouncer'),
  }, () => {
    it('PgBouncer and then PostgreSQL killed and started again: 503 meanwhile, nothing lost', async (t) => {
      const random = createSeededRandom(seed);
      const cluster = await startCluster(t, { names: NAMES, leaseMs: LEASE_MS, isPooled: true });
      const load = startLoad(t, cluster.urls, random);
      for (const crash of [cluster.crashPooler, cluster.crashDatabase, cluster.crashPooler]) {
        await pause(500 + random.int(700));
        const [refused, before] = [load.refused(), load.acknowledged.size];
        await crash(500 + random.int(700));
        const fromMs = machineMs();
        await eventually(
          'events are taken again',
          () => load.acknowledged.size > before + 50,
          () => load.acknowledged.size,
        );
        t.diagnostic(`events were taken again ${Math.round(machineMs() - fromMs)} ms after the start`);
        // PgBouncer lets a statement wait for a server that is away, so that a short outage is no refusal.
        if (crash === cluster.crashPooler) assert.ok(load.refused() > refused, 'nobody was told');
      }
      await cluster.leader();
      t.diagnostic(describeTally(await endAndCheck(cluster, load)));
    });

    it('nodes killed at work and started again: what they had begun is taken back and done', async (t) => {
      const random = createSeededRandom(seed);
      const cluster = await startCluster(t, { names: NAMES, leaseMs: 6_000, isPooled: true });
      const load = startLoad(t, cluster.urls, random);
      const leader = await cluster.leader();
      for (const victim of [leader, random.pick(NAMES.filter((name) => name !== leader))]) {
        await inLongWork(cluster, victim);
        await cluster.kill(victim);
        await pause(300 + random.int(300));
        await cluster.revive(victim);
      }
      await cluster.leader();
      const tally = await endAndCheck(cluster, load);
      t.diagnostic(describeTally(tally));
      assert.ok(tally.interrupted > 0, 'the kill hit what was at work');
    });
  });
}

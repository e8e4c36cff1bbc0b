import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { describe, it } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { skipWithout } from '../../testkit/on-path.ts';
import { startRedis } from '../../testkit/redis.ts';
import { createSeededRandom, testSeeds } from '../../testkit/seeded-random.ts';
import { eventually } from '../e2e/support/eventually.ts';
import { describeTally, endAndCheck } from './support/check.ts';
import { startCluster } from './support/cluster.ts';
import { startLoad } from './support/load.ts';
import { inLongWork } from './support/long-work.ts';
import { queueIs } from './support/queue-is.ts';

const NAMES = ['one', 'two', 'three'];
const LEASE_MS = 6_000;

for (const seed of testSeeds([randomInt(1_000_000)])) {
  describe(`Redis killed, started empty and flushed under the load of three nodes (TEST_SEED=${seed})`, {
    skip: skipWithout('redis-server'),
  }, () => {
    it('loses nothing acknowledged, gives nothing out twice, and work goes on by itself', async (t) => {
      const random = createSeededRandom(seed);
      const redis = await startRedis();
      t.after(redis.dispose);
      const env = { QUEUE_URL: redis.url };
      const cluster = await startCluster(t, { names: NAMES, leaseMs: LEASE_MS, env });
      await queueIs(cluster, 'up');
      const load = startLoad(t, cluster.urls, random);
      const goesOn = async () => {
        const before = load.acknowledged.size;
        await eventually('events are taken', () => load.acknowledged.size > before + 50);
      };

      await pause(500 + random.int(500));
      await redis.kill();
      await queueIs(cluster, 'down');
      await goesOn();
      // It keeps nothing: the messages of before are lost, and so is the consumers' group.
      await redis.start();
      await queueIs(cluster, 'up');
      await goesOn();

      await redis.command('FLUSHALL');
      await goesOn();

      const victim = random.pick(NAMES);
      await inLongWork(cluster, victim);
      await Promise.all([cluster.kill(victim), redis.command('FLUSHALL')]);
      await goesOn();
      await cluster.revive(victim);

      const tally = await endAndCheck(cluster, load);
      t.diagnostic(describeTally(tally));
      assert.ok(tally.interrupted > 0, 'the kill hit what was at work');
    });
  });
}

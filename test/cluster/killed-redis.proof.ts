import { randomInt } from 'node:crypto';
import { describe, it } from 'node:test';
import { skipWithout } from '../../testkit/on-path.ts';
import { startRedis } from '../../testkit/redis.ts';
import { testSeeds } from '../../testkit/seeded-random.ts';
import { disturbQueue } from './support/disturb-queue.ts';

for (const seed of testSeeds([randomInt(1_000_000)])) {
  describe(`Redis killed, started empty and flushed under the load of three nodes (TEST_SEED=${seed})`, {
    skip: skipWithout('redis-server'),
  }, () => {
    it('loses nothing acknowledged, gives nothing out twice, and work goes on by itself', async (t) => {
      const redis = await startRedis();
      t.after(redis.dispose);
      // It keeps nothing on disk: with the messages the consumers' group is lost, whenever it is killed.
      await disturbQueue(t, seed, { ...redis, empty: () => redis.command('FLUSHALL') });
    });
  });
}

import { randomInt } from 'node:crypto';
import { describe, it, type TestContext } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { skipWithout } from '../../testkit/on-path.ts';
import { startRabbit } from '../../testkit/rabbitmq.ts';
import { startRedis } from '../../testkit/redis.ts';
import { testSeeds } from '../../testkit/seeded-random.ts';
import { type Disturb, liveInOrder } from './live.ts';
import { startAlone, startNodes } from './site.ts';

const STEPS: readonly Disturb[] = ['calm', 'kill', 'kill', 'calm'];

/** In the midst of it the broker forgets all that it holds. */
async function liveThroughRedis(t: TestContext, seed: number, start: typeof startAlone): Promise<void> {
  const redis = await startRedis();
  t.after(redis.dispose);
  const site = await start(t, { QUEUE_URL: redis.url });
  const flushing = pause(3_000).then(() => redis.command('FLUSHALL'));
  await liveInOrder(t, seed, site, STEPS);
  await flushing;
}

for (const seed of testSeeds([randomInt(1_000_000)])) {
  describe(`order per key through a queue, under load and kills (TEST_SEED=${seed})`, () => {
    describe('Redis Streams', { skip: skipWithout('redis-server') }, () => {
      it('holds on one receiver on SQLite', (t) => liveThroughRedis(t, seed, startAlone));

      it('holds on three nodes on PostgreSQL', (t) => liveThroughRedis(t, seed, startNodes));
    });

    it('holds on three nodes with RabbitMQ', { skip: skipWithout('rabbitmq-server') }, async (t) => {
      const rabbit = await startRabbit();
      t.after(rabbit.dispose);
      await liveInOrder(t, seed, await startNodes(t, { QUEUE_URL: rabbit.url }), STEPS);
    });
  });
}

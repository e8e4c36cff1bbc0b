import { randomInt } from 'node:crypto';
import { describe, it } from 'node:test';
import { skipWithout } from '../../testkit/on-path.ts';
import { startRabbit } from '../../testkit/rabbitmq.ts';
import { testSeeds } from '../../testkit/seeded-random.ts';
import { disturbQueue } from './support/disturb-queue.ts';

for (const seed of testSeeds([randomInt(1_000_000)])) {
  describe(`RabbitMQ killed, and started as it was or empty, under the load of three nodes (TEST_SEED=${seed})`, {
    skip: skipWithout('rabbitmq-server'),
  }, () => {
    it('loses nothing acknowledged, gives nothing out twice, and work goes on by itself', async (t) => {
      const rabbit = await startRabbit();
      t.after(rabbit.dispose);
      // RabbitMQ 3.10 may leave a queue without a leader that was declared moments before it was killed.
      const settle = async () => {
        await rabbit.stop();
        await rabbit.start();
      };
      const empty = async () => {
        await rabbit.kill();
        await rabbit.wipe();
        await rabbit.start();
      };
      await disturbQueue(t, seed, { ...rabbit, settle, empty });
    });
  });
}

import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { describe, it } from 'node:test';
import { streamKey } from '../../src/queue/redis/keys.ts';
import { eventually } from '../../testkit/eventually.ts';
import { skipWithout } from '../../testkit/on-path.ts';
import { startRedisCluster } from '../../testkit/redis-cluster.ts';
import { createSeededRandom, testSeeds } from '../../testkit/seeded-random.ts';
import { metricSum } from '../e2e/support/client.ts';
import { describeTally, endAndCheck } from './support/check.ts';
import { startCluster } from './support/cluster.ts';
import { goesOn, startLoad } from './support/load.ts';
import { queueIs } from './support/queue-is.ts';

const NAMES = ['one', 'two'];
const LEASE_MS = 6_000;
const STREAM = streamKey('webhooks', 'ledger');

for (const seed of testSeeds([randomInt(1_000_000)])) {
  describe(`A Redis Cluster under the load of two nodes (TEST_SEED=${seed})`, {
    skip: skipWithout('redis-server'),
  }, () => {
    it('loses no event when a slot moves and masters die, and work goes on by itself', async (t) => {
      const redis = await startRedisCluster({ hasReplicas: true });
      t.after(redis.dispose);
      const owner = await redis.ownerOf(STREAM);
      // The node that the receivers know of is the one that will die.
      const env = { QUEUE_URL: owner.url };
      const cluster = await startCluster(t, { names: NAMES, leaseMs: LEASE_MS, env });
      await queueIs(cluster, 'up');
      const load = startLoad(t, cluster.urls, createSeededRandom(seed));
      /** While the queue is up that is by messages alone: more are done than can have been at work. */
      const isTaken = async () => {
        const done = () => metricSum(cluster.urls()[0]!, 'webhook_deliveries', 'status="completed"');
        const before = await done();
        await eventually('work is done', async () => (await done()) > before + 100);
        await queueIs(cluster, 'up');
      };

      await isTaken();
      const move = await redis.beginMove(STREAM);
      await isTaken();
      await move.end();
      await isTaken();
      assert.equal(await redis.ownerOf(STREAM), move.to);

      const heir = redis.replicas[redis.masters.indexOf(move.to)]!;
      await move.to.kill();
      await queueIs(cluster, 'down');
      await goesOn(load);
      await queueIs(cluster, 'up');
      assert.equal(await redis.ownerOf(STREAM, heir), heir);
      await isTaken();

      // The one that the receivers were told of goes away too, and with the heir goes the last that had the stream.
      await Promise.all([owner.kill(), heir.kill()]);
      await queueIs(cluster, 'down');
      await goesOn(load);
      await Promise.all([heir.start(), move.to.start()]);
      await queueIs(cluster, 'up');
      await isTaken();

      t.diagnostic(describeTally(await endAndCheck(cluster, load)));
    });
  });
}

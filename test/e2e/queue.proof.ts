import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { eventually } from '../../testkit/eventually.ts';
import { skipWithout } from '../../testkit/on-path.ts';
import { startRabbit } from '../../testkit/rabbitmq.ts';
import { startReceiver } from '../../testkit/receiver.ts';
import { receiverFolder } from '../../testkit/receiver-process.ts';
import { startRedis } from '../../testkit/redis.ts';
import { acceptEvents, anEnvelope, get, metricSum } from './support/client.ts';

function envelopes(prefix: string, count: number) {
  return Array.from({ length: count }, (_, index) => anEnvelope(`${prefix}-${index}`));
}

/** A receiver on the queue whose handler waits for the gate and counts what it was called with. */
async function startQueued(t: TestContext, queueUrl: string) {
  const calls: string[] = [];
  let gate: Promise<void> = Promise.resolve();
  const handler = async (event: { id: string }) => {
    calls.push(event.id);
    await gate;
  };
  const { url } = await startReceiver(t, {
    destinations: { sink: { handler } },
    env: { QUEUE_URL: queueUrl, QUEUE_MAXSIZE: '10000', WORKER_COUNT: '20' },
  });
  const completed = () => metricSum(url, 'webhook_deliveries', 'status="completed"');
  return {
    url,
    calls,
    /** Lets no handler end until the returned function is called. */
    close() {
      const { promise, resolve } = Promise.withResolvers<void>();
      gate = promise;
      return resolve;
    },
    untilUp: () =>
      eventually('the queue is up', async () => (await metricSum(url, 'webhook_queue_up')) === 1),
    untilDown: () =>
      eventually('the queue is down', async () => (await metricSum(url, 'webhook_queue_up')) === 0),
    untilCompleted: (count: number) =>
      eventually(`${count} are completed`, async () => (await completed()) === count, completed),
  };
}

async function startRedisFor(t: TestContext) {
  const redis = await startRedis();
  t.after(redis.dispose);
  return redis;
}

describe('a receiver with Redis', { skip: skipWithout('redis-server') }, () => {
  it('processes each event once, through the queue', async (t) => {
    const redis = await startRedisFor(t);
    const receiver = await startQueued(t, redis.url);
    await receiver.untilUp();
    const ids = await acceptEvents(receiver.url, envelopes('plain', 200));
    await receiver.untilCompleted(200);
    assert.deepEqual(receiver.calls.toSorted(), ids.toSorted());
    assert.equal(await metricSum(receiver.url, 'webhook_queue_published_total'), 200);
    assert.equal(await metricSum(receiver.url, 'webhook_queue_republished_total'), 0);
    await eventually('nothing is left in the broker', async () => {
      return (await metricSum(receiver.url, 'webhook_queue_messages')) === 0;
    });
    assert.deepEqual((await get(receiver.url, '/ready')).body, { status: 'ready' });
  });

  it('loses nothing when Redis is flushed under a backlog', async (t) => {
    const redis = await startRedisFor(t);
    const receiver = await startQueued(t, redis.url);
    await receiver.untilUp();
    const open = receiver.close();
    const ids = await acceptEvents(receiver.url, envelopes('flushed', 100));
    await eventually('workers are busy', () => receiver.calls.length === 20);
    await redis.command('FLUSHALL');
    open();
    await receiver.untilCompleted(100);
    assert.deepEqual(receiver.calls.toSorted(), ids.toSorted());
  });

  it('goes on from the store while Redis is away, says so, and comes back to it', async (t) => {
    const redis = await startRedisFor(t);
    const receiver = await startQueued(t, redis.url);
    await receiver.untilUp();
    await acceptEvents(receiver.url, envelopes('before', 20));
    await redis.kill();
    await receiver.untilDown();
    const ready = await get(receiver.url, '/ready');
    assert.equal(ready.status, 200);
    assert.match(String(ready.body.degraded), /the queue is away for \d+ s/);
    await acceptEvents(receiver.url, envelopes('without', 50));
    await receiver.untilCompleted(70);
    await redis.start();
    await receiver.untilUp();
    await acceptEvents(receiver.url, envelopes('after', 50));
    await receiver.untilCompleted(120);
    assert.equal(receiver.calls.length, 120);
    assert.deepEqual((await get(receiver.url, '/ready')).body, { status: 'ready' });
  });

  it('starts and works while Redis is not there', async (t) => {
    const redis = await startRedisFor(t);
    await redis.kill();
    const receiver = await startQueued(t, redis.url);
    await acceptEvents(receiver.url, envelopes('alone', 30));
    await receiver.untilCompleted(30);
    await redis.start();
    await receiver.untilUp();
  });

  it('after a crash finds what the dead process had taken, and what has no message', async (t) => {
    const redis = await startRedisFor(t);
    const config = `const hang = process.env.HANG === '1';
      const handler = () => hang ? new Promise(() => {}) : undefined;
      export default { destinations: { sink: { handler, retry: { baseDelaySeconds: 0.1, maxDelaySeconds: 0.2 } } } };`;
    const folder = await receiverFolder(t, { config, env: { QUEUE_URL: redis.url, WORKER_COUNT: '5' } });
    const doomed = await folder.start({ HANG: '1' });
    await acceptEvents(doomed.url, envelopes('crash', 40));
    await doomed.crash();
    await redis.command('FLUSHALL');
    const { url } = await folder.start();
    const completed = () => metricSum(url, 'webhook_deliveries', 'status="completed"');
    await eventually('all are completed', async () => (await completed()) === 40, completed);
  });
});

describe('a receiver with RabbitMQ', { skip: skipWithout('rabbitmq-server') }, () => {
  it('processes each event once, and goes on from the store while the broker is away', async (t) => {
    const rabbit = await startRabbit();
    t.after(rabbit.dispose);
    const receiver = await startQueued(t, rabbit.url);
    await receiver.untilUp();
    const ids = await acceptEvents(receiver.url, envelopes('plain', 200));
    await receiver.untilCompleted(200);
    assert.deepEqual(receiver.calls.toSorted(), ids.toSorted());
    assert.equal(await metricSum(receiver.url, 'webhook_queue_published_total'), 200);
    await rabbit.kill();
    await receiver.untilDown();
    await acceptEvents(receiver.url, envelopes('without', 50));
    await receiver.untilCompleted(250);
    await rabbit.wipe();
    await rabbit.start();
    await receiver.untilUp();
    await acceptEvents(receiver.url, envelopes('after', 50));
    await receiver.untilCompleted(300);
    assert.equal(receiver.calls.length, 300);
  });
});

import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it, type TestContext } from 'node:test';
import { eventually } from '../../testkit/eventually.ts';
import { skipWithout } from '../../testkit/on-path.ts';
import { startPostgres, type TestPostgres } from '../../testkit/postgres.ts';
import { startRabbit } from '../../testkit/rabbitmq.ts';
import { type ReceiverProcess, receiverFolder } from '../../testkit/receiver-process.ts';
import { startRedis } from '../../testkit/redis.ts';
import { acceptEvents, anEnvelope, metricSum } from './support/client.ts';

const WORKERS = 5;

/** Each call is a line in a journal that the processes share, and ends when the gate is open. */
const CONFIG = `
  import { appendFileSync, existsSync } from 'node:fs';
  import { setTimeout as sleep } from 'node:timers/promises';
  const handler = async ({ id }) => {
    appendFileSync('journal', id + ' ' + process.pid + '\\n');
    do await sleep(20); while (!existsSync('gate'));
  };
  export default { destinations: { sink: { handler } } };`;

let postgres: TestPostgres;
before(async () => {
  postgres = await startPostgres();
});
after(() => postgres.stop());

/** Nodes on one database and one broker, the first of which leads. */
async function startNodes(t: TestContext, count: number, queueUrl: string) {
  const folder = await receiverFolder(t, {
    config: CONFIG,
    env: {
      DATABASE_URL: await postgres.createDatabase(),
      QUEUE_URL: queueUrl,
      WORKER_COUNT: String(WORKERS),
      LOG_LEVEL: 'INFO',
    },
  });
  const nodes: ReceiverProcess[] = [];
  for (let i = 0; i < count; i++) nodes.push(await folder.start());
  const onAll = (metric: string) => Promise.all(nodes.map(({ url }) => metricSum(url, metric)));
  const readJournal = async () => {
    const text = await readFile(join(folder.path, 'journal'), 'utf8').catch(() => '');
    const lines = text.split('\n').filter((line) => line !== '');
    return lines.map((line) => line.split(' ') as [id: string, pid: string]);
  };
  return {
    nodes,
    readJournal,
    openGate: () => writeFile(join(folder.path, 'gate'), ''),
    sum: async (metric: string) => (await onAll(metric)).reduce((sum, one) => sum + one, 0),
    untilQueue: (up: 0 | 1) =>
      eventually(`the queue is ${up === 1 ? 'up' : 'down'} on all`, async () =>
        (await onAll('webhook_queue_up')).every((one) => one === up),
      ),
    untilCompleted(node: ReceiverProcess, wanted: number) {
      const completed = () => metricSum(node.url, 'webhook_deliveries', 'status="completed"');
      return eventually(`${wanted} are completed`, async () => (await completed()) === wanted, completed);
    },
    /** Each of the events was handled once, and each node handled some. */
    async assertShared(ids: readonly string[]) {
      const calls = (await readJournal()).filter(([id]) => ids.includes(id));
      assert.deepEqual(calls.map(([id]) => id).toSorted(), ids.toSorted());
      assert.equal(new Set(calls.map(([, pid]) => pid)).size, nodes.length);
    },
  };
}

function envelopes(prefix: string, count: number) {
  return Array.from({ length: count }, (_, index) => anEnvelope(`${prefix}-${index}`));
}

describe('nodes on one PostgreSQL with Redis', { skip: skipWithout('redis-server') }, () => {
  it('take work by messages: each event is handled once, by any of them', async (t) => {
    const redis = await startRedis();
    t.after(redis.dispose);
    const cluster = await startNodes(t, 3, redis.url);
    await cluster.openGate();
    await cluster.untilQueue(1);
    const ids = await acceptEvents(cluster.nodes[0]!.url, envelopes('plain', 300));
    await cluster.untilCompleted(cluster.nodes[1]!, 300);
    await cluster.assertShared(ids);
    // Now and then a message goes out twice, which does nothing; each event has one.
    assert.ok((await cluster.sum('webhook_queue_published_total')) >= 300);
  });

  it('share the work by way of the store while Redis is away', async (t) => {
    const redis = await startRedis();
    t.after(redis.dispose);
    const cluster = await startNodes(t, 2, redis.url);
    await cluster.openGate();
    await cluster.untilQueue(1);
    await redis.kill();
    await cluster.untilQueue(0);
    const without = await acceptEvents(cluster.nodes[0]!.url, envelopes('without', 200));
    await cluster.untilCompleted(cluster.nodes[0]!, 200);
    await cluster.assertShared(without);
    await redis.start();
    await cluster.untilQueue(1);
    const again = await acceptEvents(cluster.nodes[1]!.url, envelopes('again', 200));
    await cluster.untilCompleted(cluster.nodes[0]!, 400);
    await cluster.assertShared(again);
  });

  it('sweep on when the leader is killed and Redis has forgotten everything', async (t) => {
    const redis = await startRedis();
    t.after(redis.dispose);
    const cluster = await startNodes(t, 2, redis.url);
    const [leader, other] = cluster.nodes as [ReceiverProcess, ReceiverProcess];
    await cluster.untilQueue(1);
    await acceptEvents(other.url, envelopes('lost', 40));
    await eventually(
      'all workers are busy',
      async () => (await cluster.readJournal()).length === 2 * WORKERS,
    );
    await leader.crash();
    await redis.command('FLUSHALL');
    await cluster.openGate();
    // What the dead node has at work is charged to it when its leases have run out.
    await cluster.untilCompleted(other, 40 - WORKERS);
    const calls = await cluster.readJournal();
    assert.equal(new Set(calls.map(([id]) => id)).size, 40);
    assert.equal(calls.length, 40);
  });
});

describe('nodes on one PostgreSQL with RabbitMQ', { skip: skipWithout('rabbitmq-server') }, () => {
  it('handle each event once, and share the work while the broker is away', async (t) => {
    const rabbit = await startRabbit();
    t.after(rabbit.dispose);
    const cluster = await startNodes(t, 2, rabbit.url);
    await cluster.openGate();
    await cluster.untilQueue(1);
    const plain = await acceptEvents(cluster.nodes[0]!.url, envelopes('plain', 200));
    await cluster.untilCompleted(cluster.nodes[1]!, 200);
    await cluster.assertShared(plain);
    await rabbit.kill();
    await cluster.untilQueue(0);
    const without = await acceptEvents(cluster.nodes[1]!.url, envelopes('without', 200));
    await cluster.untilCompleted(cluster.nodes[0]!, 400);
    await cluster.assertShared(without);
  });
});

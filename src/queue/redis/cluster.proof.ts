import assert from 'node:assert/strict';
import { after, before, describe, type TestContext, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { skipWithout } from '../../../testkit/on-path.ts';
import { type RedisServer, startRedis } from '../../../testkit/redis.ts';
import { type RedisCluster, startRedisCluster } from '../../../testkit/redis-cluster.ts';
import { createSeededRandom } from '../../../testkit/seeded-random.ts';
import { freePort } from '../../../testkit/server-process.ts';
import { systemClock } from '../../runtime/clock.ts';
import {
  A,
  ackAll,
  B,
  entriesFor,
  IDLE_MS,
  idsOf,
  type Process,
  startProcess,
} from '../conformance/harness.ts';
import { streamKey } from './keys.ts';
import { openRedisQueue } from './open.ts';

const PREFIX = 'test';
const STREAM = streamKey(PREFIX, A);

/** A process on the Redis of that URL, once it is connected. */
function startOn(t: TestContext, url: string): Promise<Process> {
  const never = () => Promise.reject(new Error('not here'));
  return startProcess(t, {
    async open(options) {
      const queue = openRedisQueue({ ...options, url, prefix: PREFIX });
      return { queue, die: never };
    },
    ...{ goDown: never, comeUp: never, hang: never, goOn: never, losses: {}, refusals: {}, dispose: never },
  });
}

/** A queue with the given number of destinations, and whether it is connected. */
function openMany(t: TestContext, url: string, count: number, onTrouble?: (error: Error) => void) {
  const up = Promise.withResolvers<void>();
  const names = Array.from({ length: count }, (_, at) => `destination-${at}`);
  const queue = openRedisQueue({
    url,
    prefix: PREFIX,
    destinations: names.map((name) => ({ name, mostAtWork: 1 })),
    idleMs: IDLE_MS,
    clock: systemClock,
    random: createSeededRandom(1),
    consumer: 'many',
    observer: { onHealthy: up.resolve, ...(onTrouble === undefined ? {} : { onTrouble }) },
  });
  t.after(() => queue.close());
  return { queue, names, isUp: up.promise };
}

/** How many connections a server has. The one that asks is there too. */
async function connectionsTo(server: RedisServer): Promise<number> {
  return (
    String(await server.command('CLIENT', 'LIST'))
      .trim()
      .split('\n').length - 1
  );
}

/** Resolves when none of the servers has a connection, and rejects if that takes too long. */
async function noneIsLeft(servers: readonly RedisServer[]): Promise<void> {
  let left: number[] = [];
  for (let look = 0; look < 50; look++) {
    left = await Promise.all(servers.map(connectionsTo));
    if (left.every((count) => count === 0)) return;
    await pause(20);
  }
  assert.deepEqual(
    left,
    servers.map(() => 0),
  );
}

/** What is published is taken, in whatever order, and is news to a process that waits for it. */
async function passesOn(process: Process): Promise<void> {
  for (const destination of [A, B]) {
    assert.deepEqual(await process.queue.take(destination, 1), []);
    const entries = entriesFor(destination, 3);
    await process.publishAll(entries);
    const messages = await process.takeExactly(destination, 3);
    assert.deepEqual(idsOf(messages).toSorted(), idsOf(entries));
    await ackAll(messages);
  }
}

describe('on a Redis Cluster', { skip: skipWithout('redis-server') }, () => {
  let cluster: RedisCluster;
  before(async () => {
    cluster = await startRedisCluster();
  });
  after(() => cluster.dispose());
  const connections = () => Promise.all(cluster.masters.map(connectionsTo));

  // First, since a node keeps its connection to another that it moved a key to.
  test('a process has one connection to a node with a stream, and one to wait for each', async (t) => {
    const process = await startOn(t, cluster.masters[0]!.url);
    await passesOn(process);
    assert.deepEqual([await process.queue.take(A, 1), await process.queue.take(B, 1)], [[], []]);
    const owners = await Promise.all([A, B].map((name) => cluster.ownerOf(streamKey(PREFIX, name))));
    const wanted = cluster.masters.map((node) => {
      const streams = owners.filter((owner) => owner === node).length;
      return streams === 0 ? 0 : 1 + streams;
    });
    await process.until('it has those', async () => String(await connections()) === String(wanted));
    await process.queue.close();
    await process.until('none is left', async () => String(await connections()) === '0,0,0');
  });

  test('a queue that is closed while it makes connections leaves none', async (t) => {
    const { queue, names, isUp } = openMany(t, cluster.masters[0]!.url, 20);
    await isUp;
    // Each that has nothing is waited for by a connection of its own.
    await Promise.all(names.map((name) => queue.take(name, 1)));
    await queue.close();
    await noneIsLeft(cluster.masters);
  });

  test('attempts to connect while a master is away leave no connection to the others', async (t) => {
    const [first, second, third] = cluster.masters;
    await third!.kill();
    t.after(async () => {
      await third!.start();
      await cluster.isWhole();
    });
    const failed = Promise.withResolvers<void>();
    let attempts = 0;
    const { queue } = openMany(t, first!.url, 20, () => ++attempts === 3 && failed.resolve());
    await failed.promise;
    await queue.close();
    await noneIsLeft([first!, second!]);
  });

  test('a slot that moves ends no connection, and all goes on before, meanwhile and after', async (t) => {
    const process = await startOn(t, cluster.masters[0]!.url);
    await passesOn(process);
    const connected = process.queue.health();
    const move = await cluster.beginMove(STREAM);
    await passesOn(process);
    await move.end();
    assert.equal(await cluster.ownerOf(STREAM), move.to);
    await passesOn(process);
    assert.deepEqual(process.queue.health(), connected);
    assert.deepEqual(process.troubles, []);
  });

  test('when the first address is away it comes by another that the URL names', async (t) => {
    const [first, second] = cluster.masters;
    const url = `redis://127.0.0.1:${await freePort()}?nodes=127.0.0.1:${first!.port},127.0.0.1:${second!.port}`;
    await passesOn(await startOn(t, url));
  });
});

test('a queue that is closed while it makes connections leaves none on one server', {
  skip: skipWithout('redis-server'),
}, async (t) => {
  const redis = await startRedis();
  t.after(redis.dispose);
  const { queue, names, isUp } = openMany(t, redis.url, 1);
  await isUp;
  assert.deepEqual(await queue.take(names[0]!, 1), []);
  await queue.close();
  await noneIsLeft([redis]);
});

test('a URL of several nodes is not for a server of its own', {
  skip: skipWithout('redis-server'),
}, async (t) => {
  const redis = await startRedis();
  t.after(redis.dispose);
  const trouble = Promise.withResolvers<Error>();
  const { queue } = openMany(t, `${redis.url}?nodes=127.0.0.1:${redis.port}`, 0, trouble.resolve);
  assert.match((await trouble.promise).message, /this server is not in cluster mode/);
  assert.equal(queue.health().state, 'down');
});

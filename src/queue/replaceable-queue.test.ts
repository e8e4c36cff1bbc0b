import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createFakeClock } from '../../testkit/fake-clock.ts';
import { createSeededRandom } from '../../testkit/seeded-random.ts';
import { MemoryBroker } from './memory/broker.ts';
import { openMemoryQueue } from './memory/open.ts';
import { CONNECT_WAIT_MS, createReplaceableQueue } from './replaceable-queue.ts';

const named = (...names: string[]) => names.map((name) => ({ name, mostAtWork: 2 }));

function open(broker = new MemoryBroker()) {
  const clock = createFakeClock();
  const told: string[] = [];
  let opened = 0;
  const queue = createReplaceableQueue({
    open: (destinations, observer) =>
      openMemoryQueue(broker, {
        ...{ destinations, observer, clock, idleMs: 60_000, random: createSeededRandom(1) },
        consumer: `consumer-${++opened}`,
      }),
    destinations: named('a'),
    observer: {
      onArrival: (destination) => told.push(`arrival ${destination}`),
      onHealthy: () => told.push('healthy'),
      onTrouble: () => told.push('trouble'),
    },
    clock,
  });
  return { broker, clock, queue, told, opened: () => opened };
}

const entry = (destination: string, deliveryId: string) => ({ destination, deliveryId });

describe('a replaceable queue', () => {
  it('serves other destinations, and gives back what the earlier connection held', async () => {
    const { queue, broker } = open();
    await queue.publish([entry('a', '1'), entry('a', '2')]);
    const [held] = await queue.take('a', 1);
    const prepared = await queue.prepare(named('a', 'b'));
    queue.use(prepared);
    await queue.publish([entry('b', '3')]);
    assert.deepEqual(
      (await queue.take('b', 9)).map(({ deliveryId }) => deliveryId),
      ['3'],
    );
    const again = await queue.take('a', 9);
    assert.deepEqual(
      again.map(({ deliveryId }) => deliveryId),
      ['1', '2'],
    );
    await held!.ack();
    await held!.release();
    for (const message of again) await message.ack();
    assert.deepEqual(broker.depth('a'), { destination: 'a', waiting: 0, unacknowledged: 0 });
    const reading = await queue.depth();
    assert.deepEqual(reading.kind === 'known' && reading.depths.map(({ destination }) => destination), [
      'a',
      'b',
    ]);
  });

  it('keeps its connection for the same destinations', async () => {
    const { queue, opened } = open();
    queue.use(await queue.prepare(named('a')));
    assert.equal(opened(), 1);
  });

  it('says nothing of a connection that is not in use', async () => {
    const { queue, told } = open();
    assert.deepEqual(told, ['healthy']);
    const prepared = await queue.prepare(named('b'));
    assert.deepEqual(told, ['healthy']);
    await queue.discard(prepared);
    await queue.take('a', 1);
    await queue.publish([entry('a', '1')]);
    assert.deepEqual(told, ['healthy', 'arrival a']);
  });

  it('holds for the next connection what is held, also what is held while it waits for its use', async () => {
    const { queue } = open();
    queue.hold('a');
    const prepared = await queue.prepare(named('a', 'b', 'c'));
    queue.hold('b');
    queue.hold('c');
    queue.resume('c');
    queue.use(prepared);
    await queue.publish([entry('a', '1'), entry('b', '2'), entry('c', '3')]);
    const taken = await Promise.all(['a', 'b', 'c'].map((name) => queue.take(name, 9)));
    assert.deepEqual(
      taken.map(({ length }) => length),
      [0, 0, 1],
    );
  });

  it('does not wait for a broker that is away', async () => {
    const broker = new MemoryBroker();
    const { queue } = open(broker);
    broker.goDown();
    queue.use(await queue.prepare(named('b')));
    assert.equal(queue.health().state, 'down');
    broker.comeUp();
    assert.equal(queue.health().state, 'up');
  });

  it('waits for its connection no longer than the bound', async () => {
    const clock = createFakeClock();
    const silent = {
      publish: async () => ({ published: 0, dropped: 0 }),
      take: async () => [],
      hold: () => {},
      resume: () => {},
      depth: async () => ({ kind: 'unknown' as const }),
      close: async () => {},
    };
    const queue = createReplaceableQueue({
      open: () => ({ ...silent, health: () => ({ state: 'up', sinceMs: 0 }) }),
      destinations: named('a'),
      observer: {},
      clock,
    });
    const preparing = queue.prepare(named('b'));
    await clock.advance(CONNECT_WAIT_MS);
    assert.deepEqual((await preparing).destinations, named('b'));
  });
});

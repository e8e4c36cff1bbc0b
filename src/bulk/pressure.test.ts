import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { anOperation } from '../../testkit/builders.ts';
import { createFakeClock } from '../../testkit/fake-clock.ts';
import { OPERATION_KINDS, type OperationKind } from '../domain/operation.ts';
import type { StoreStats } from '../store/store.ts';
import { createMeasurePressure, LAG_MS } from './pressure.ts';

const MAX_PENDING = 100;

/** A queue that the test fills: how much is pending and held, and for how long each destination's oldest has been due. */
function aQueue() {
  const clock = createFakeClock();
  const queue = {
    pending: 0,
    held: 0,
    lagMs: {} as Record<string, number>,
    closed: new Set<string>(),
    counted: 0,
    looked: [] as string[],
  };
  const measure = createMeasurePressure({
    store: {
      async stats() {
        queue.counted += 1;
        const counts = [
          { destination: 'crm', status: 'pending', count: queue.pending },
          { destination: 'crm', status: 'completed', count: 1_000_000 },
        ];
        return { counts, held: [{ destination: 'erp', count: queue.held }] } as unknown as StoreStats;
      },
      async duePending(destination) {
        queue.looked.push(destination);
        const lagMs = queue.lagMs[destination];
        const dueAtMs = clock.nowMs() - (lagMs ?? 0);
        return { deliveries: lagMs === undefined ? [] : [{ deliveryId: 'd', dueAtMs }], next: null };
      },
    },
    clock,
    maxPending: MAX_PENDING,
    isClosed: (destination) => queue.closed.has(destination),
    destinations: () => ['crm', 'erp', 'mail'],
  });
  const of = (kind: OperationKind, destinations: readonly string[] = ['crm']) =>
    measure(
      anOperation({
        kind,
        state: 'running',
        destinations: Object.fromEntries(destinations.map((name) => [name, 1])),
      }),
    );
  return { queue, clock, measure, of };
}

describe('an operation', () => {
  it('goes on while the queue is less than half full, and waits from there on', async () => {
    const { queue, clock, of } = aQueue();
    for (const [pending, held, expected] of [
      [49, 0, null],
      [50, 0, { kind: 'queue' }],
      [90, 41, null],
      [90, 40, { kind: 'queue' }],
    ] as const) {
      Object.assign(queue, { pending, held });
      await clock.advance(1_000);
      assert.deepEqual(await of('replay'), expected, `${pending} pending, ${held} of them held`);
    }
  });

  it('takes what it saw of the queue for true for 200 ms', async () => {
    const { queue, clock, of } = aQueue();
    await of('replay');
    queue.pending = MAX_PENDING;
    await clock.advance(199);
    assert.equal(await of('replay'), null);
    await clock.advance(1);
    assert.deepEqual([await of('replay'), queue.counted], [{ kind: 'queue' }, 2]);
  });

  it('waits when live deliveries of a destination of its own are due for too long', async () => {
    const { queue, of } = aQueue();
    queue.lagMs = { crm: LAG_MS, erp: LAG_MS + 1 };
    assert.equal(await of('replay', ['crm']), null);
    assert.deepEqual(await of('replay', ['crm', 'erp']), { kind: 'lag', destination: 'erp' });
    queue.lagMs = { mail: LAG_MS + 1 };
    assert.equal(await of('replay', ['crm', 'erp']), null);
    // What a rejected request will be delivered to is not known before it is verified.
    assert.deepEqual(await of('reverify', []), { kind: 'lag', destination: 'mail' });
  });

  it('does not take what waits for a closed destination for lag, and does not look at it', async () => {
    const { queue, of } = aQueue();
    queue.lagMs = { crm: 60_000 };
    queue.closed.add('crm');
    assert.equal(await of('replay', ['crm']), null);
    assert.deepEqual(queue.looked, []);
  });

  it('does not look at destinations that are not configured any more', async () => {
    const { queue, of } = aQueue();
    queue.lagMs = { gone: 60_000 };
    assert.equal(await of('replay', ['gone']), null);
  });

  it('waits for nothing when it makes nothing due', async () => {
    const { queue, measure, of } = aQueue();
    queue.pending = MAX_PENDING;
    queue.lagMs = { crm: 60_000 };
    const waiting = await Promise.all(OPERATION_KINDS.map(async (kind) => [kind, (await of(kind)) !== null]));
    assert.deepEqual(Object.fromEntries(waiting), {
      ...{ replay: true, route: true, 'give-up': false, reverify: true, release: true, erase: false },
    });
    assert.equal(await measure(anOperation({ state: 'taking_back', destinations: { crm: 1 } })), null);
  });
});

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { anAudit, anEvent } from '../../../testkit/builders.ts';
import type { Store } from '../store.ts';
import { claimOf, insertFor, leaseNext, openFor, type StoreFactory, T0, work } from './harness.ts';
import { plainStats } from './snapshot.ts';

/** The numbers that metrics and limits go by. */
export function statsConformance(factory: StoreFactory): void {
  describe('stats', () => {
    test('an empty store counts nothing', async (t) => {
      const { store } = await openFor(t, factory);
      assert.deepEqual(plainStats(await store.stats()), {
        counts: [],
        held: [],
        order: [],
        events: 0,
        oldestPendingAtMs: null,
      });
    });

    test('deliveries are counted by destination and status, zeros left out', async (t) => {
      const { store } = await openFor(t, factory);
      await insertFor(store, ['a', 'b']);
      await insertFor(store, ['a']);
      await insertFor(store, []);
      assert.deepEqual(await countsOf(store), ['a pending 2', 'b pending 1']);
      const { leased } = await store.claim(claimOf(['a']));
      assert.deepEqual(await countsOf(store), ['a processing 2', 'b pending 1']);
      await store.settle(leased[0]!.lease, { kind: 'completed' }, null, T0);
      await store.settle(leased[1]!.lease, { kind: 'retry', dueAtMs: T0, error: 'again' }, null, T0);
      assert.deepEqual(await countsOf(store), ['a completed 1', 'a pending 1', 'b pending 1']);
      await work(store, 'a', { kind: 'released', dueAtMs: T0 });
      await work(store, 'b', { kind: 'failed', error: 'no' });
      assert.deepEqual(await countsOf(store), ['a completed 1', 'a pending 1', 'b failed 1']);
      assert.equal((await store.stats()).events, 3);
    });

    test('what is refused, known or lost is not counted', async (t) => {
      const { store } = await openFor(t, factory, { maxPendingDeliveries: 1 });
      const { event, deliveries } = await insertFor(store, ['a']);
      const before = plainStats(await store.stats());
      await store.insertEvent(anEvent({ idempotencyKey: event.idempotencyKey }), ['a']);
      await store.insertEvent(anEvent(), ['a']);
      await store.settle(
        { deliveryId: deliveries[0]!.id, token: 'never', untilMs: T0, orderKey: null },
        { kind: 'completed' },
        null,
        T0,
      );
      await store.replay(deliveries[0]!.id, T0, {}, anAudit());
      assert.deepEqual(plainStats(await store.stats()), before);
    });

    test('a failed delivery that was replayed is not counted any more: its replay is', async (t) => {
      const { store } = await openFor(t, factory);
      const { deliveries } = await insertFor(store, ['a']);
      await work(store, 'a', { kind: 'failed', error: 'no' });
      await store.replay(deliveries[0]!.id, T0, {}, anAudit());
      assert.deepEqual(await countsOf(store), ['a pending 1']);
      await work(store, 'a', { kind: 'failed', error: 'still no' });
      assert.deepEqual(await countsOf(store), ['a failed 1']);
      await store.replay(deliveries[0]!.id, T0, { again: true }, anAudit());
      assert.deepEqual(await countsOf(store), ['a failed 1', 'a pending 1']);
      await work(store, 'a', { kind: 'completed' });
      assert.deepEqual(await countsOf(store), ['a completed 1', 'a failed 1']);
      assert.equal((await store.purge(T0 + 1, 10, null)).deleted, 1);
      assert.deepEqual(await countsOf(store), []);
    });

    test('the oldest pending delivery is told by its creation, also while it waits for a retry', async (t) => {
      const { store } = await openFor(t, factory);
      const oldest = async () => (await store.stats()).oldestPendingAtMs;
      await insertFor(store, ['a'], { receivedAtMs: T0 });
      await insertFor(store, ['b'], { receivedAtMs: T0 + 10 });
      assert.equal(await oldest(), T0);
      await work(store, 'a', { kind: 'retry', dueAtMs: T0 + 99_000, error: 'again' });
      assert.equal(await oldest(), T0);
      await leaseNext(store, 'a', T0 + 99_000);
      assert.equal(await oldest(), T0 + 10);
      await work(store, 'b', { kind: 'completed' }, T0 + 99_000);
      assert.equal(await oldest(), null);
    });
  });
}

async function countsOf(store: Store): Promise<string[]> {
  const { counts } = plainStats(await store.stats());
  return counts.map(({ destination, status, count }) => `${destination} ${status} ${count}`);
}

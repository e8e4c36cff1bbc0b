import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { anEvent } from '../../../testkit/builders.ts';
import { type Addressee, NEVER_MS } from '../../domain/order.ts';
import type { HoldRange, Store } from '../store.ts';
import {
  claimOf,
  insertFor,
  leasedIds,
  leaseNext,
  openFor,
  type StoreFactory,
  settleAs,
  T0,
  work,
} from './harness.ts';

const ALL: HoldRange = { fromMs: 0, untilMs: NEVER_MS };

const held = (destination: string, orderKey: string | null = null): Addressee => ({
  destination,
  orderKey,
  isHeld: true,
});

async function holdAll(store: Store, destination: string, nowMs = T0, limit = 100): Promise<number> {
  let total = 0;
  let after: string | null = null;
  do {
    const page = await store.holdPending(destination, ALL, nowMs, limit, after);
    total += page.held;
    after = page.next;
  } while (after !== null);
  return total;
}

async function heldCounts(store: Store): Promise<string[]> {
  const { held: counts } = await store.stats();
  return counts.map(({ destination, count }) => `${destination} ${count}`).sort();
}

async function insertKind(store: Store, destinations: readonly Addressee[], event = anEvent()) {
  const outcome = await store.insertEvent(event, destinations);
  return outcome.kind === 'full' ? `full: ${outcome.bound}` : outcome.kind;
}

/** Deliveries that wait for destinations that are held. */
export function heldConformance(factory: StoreFactory): void {
  describe('held', () => {
    test('the two limits are apart: a full one refuses what counts there, and nothing else', async (t) => {
      const { store } = await openFor(t, factory, { maxPendingDeliveries: 2, maxHeldDeliveries: 3 });
      for (let i = 0; i < 3; i++) assert.equal(await insertKind(store, [held('dead')]), 'inserted');
      const refused = anEvent();
      assert.equal(await insertKind(store, [held('dead')], refused), 'full: held');
      assert.equal(await store.eventById(refused.id), null);
      assert.equal(await insertKind(store, ['live', held('dead')]), 'full: held');
      for (let i = 0; i < 2; i++) assert.equal(await insertKind(store, ['live']), 'inserted');
      assert.equal(await insertKind(store, ['live']), 'full: pending');
      assert.equal(await insertKind(store, []), 'inserted');
      assert.deepEqual(await heldCounts(store), ['dead 3']);
    });

    test('inserts at once keep the limit of held ones exactly', async (t) => {
      const { store } = await openFor(t, factory, { maxPendingDeliveries: 2, maxHeldDeliveries: 5 });
      const kinds = await Promise.all(
        Array.from({ length: 12 }, () => insertKind(store, [held('a'), held('b')])),
      );
      assert.equal(kinds.filter((kind) => kind === 'inserted').length, 2);
      assert.equal(kinds.filter((kind) => kind === 'full: held').length, 10);
      assert.deepEqual(await heldCounts(store), ['a 2', 'b 2']);
    });

    test('a known key is a duplicate, whichever limit is reached', async (t) => {
      const { store } = await openFor(t, factory, { maxPendingDeliveries: 1, maxHeldDeliveries: 1 });
      const event = anEvent();
      assert.equal(await insertKind(store, [held('dead')], event), 'inserted');
      const again = anEvent({ idempotencyKey: event.idempotencyKey });
      assert.equal(await insertKind(store, [held('dead')], again), 'duplicate');
    });

    test('the first claim, of either kind, takes a delivery out, and a release does not put it back', async (t) => {
      const { store } = await openFor(t, factory, { maxPendingDeliveries: 1, maxHeldDeliveries: 2 });
      const [first, second] = [anEvent(), anEvent()];
      await store.insertEvent(first, [held('dead')]);
      await store.insertEvent(second, [held('dead')]);
      const leased = await leaseNext(store, 'dead');
      assert.deepEqual(await heldCounts(store), ['dead 1']);
      await settleAs(store, leased, { kind: 'released', dueAtMs: T0 });
      assert.deepEqual(await heldCounts(store), ['dead 1']);
      assert.equal(await insertKind(store, ['live']), 'full: pending');
      const { deliveries } = await store.duePending('dead', T0, 10, null);
      const deliveryIds = deliveries.map(({ deliveryId }) => deliveryId);
      const request = { deliveryIds, token: 'by ids', nowMs: T0, leaseUntilMs: T0 + 1_000 };
      assert.equal((await store.claimByIds(request)).leased.length, 2);
      assert.deepEqual(await heldCounts(store), []);
      assert.equal(await insertKind(store, ['live']), 'inserted');
    });

    test('what was pending is marked in pages, once, and makes room for others', async (t) => {
      const { store } = await openFor(t, factory, { maxPendingDeliveries: 7 });
      for (let i = 0; i < 7; i++)
        await insertFor(store, [i < 5 ? 'dead' : 'live'], { receivedAtMs: T0 + (i % 2) });
      assert.equal(await insertKind(store, ['live']), 'full: pending');
      assert.equal(await store.countUnheld('dead'), 5);
      assert.equal(await holdAll(store, 'dead', T0, 2), 5);
      assert.equal(await store.countUnheld('dead'), 0);
      assert.equal(await holdAll(store, 'dead', T0, 2), 0);
      assert.deepEqual(await heldCounts(store), ['dead 5']);
      assert.equal(await insertKind(store, ['live']), 'inserted');
      const { counts } = await store.stats();
      assert.equal(counts.find(({ destination }) => destination === 'dead')?.count, 5);
    });

    test('a range of due times marks what is due in it', async (t) => {
      const { store } = await openFor(t, factory);
      for (let i = 0; i < 4; i++) await insertFor(store, ['dead'], { receivedAtMs: T0 + i });
      const page = await store.holdPending('dead', { fromMs: T0 + 1, untilMs: T0 + 2 }, T0, 10, null);
      assert.deepEqual(page, { held: 2, next: null });
    });

    test('a retry that is due takes its place in the order of acceptance, and one that is not keeps its time', async (t) => {
      const { store } = await openFor(t, factory);
      const retried = await insertFor(store, ['dead'], { receivedAtMs: T0 });
      const failed = await leaseNext(store, 'dead', T0);
      await settleAs(store, failed, { kind: 'retry', dueAtMs: T0 + 50, error: 'refused' });
      const later = await insertFor(store, ['dead'], { receivedAtMs: T0 + 20 });
      assert.equal(await holdAll(store, 'dead', T0 + 30), 2);
      assert.equal((await store.deliveriesOf(retried.event.id))[0]?.dueAtMs, T0 + 50);
      assert.equal(await holdAll(store, 'dead', T0 + 60), 0);
      const claimed = leasedIds(await store.claim(claimOf(['dead'], { nowMs: T0 + 60 })));
      assert.deepEqual(
        claimed,
        [retried, later].map(({ deliveries }) => deliveries[0]!.id),
      );
    });

    test('order keys keep their turns', async (t) => {
      const { store } = await openFor(t, factory);
      const events = [T0, T0 + 1, T0 + 2].map((receivedAtMs) => anEvent({ receivedAtMs }));
      for (const [at, event] of events.entries()) {
        const addressee = at === 1 ? { destination: 'dead', orderKey: 'k' } : held('dead', 'k');
        await store.insertEvent(event, [addressee]);
      }
      assert.equal(await holdAll(store, 'dead', T0 + 9), 1);
      assert.deepEqual(await heldCounts(store), ['dead 3']);
      for (const event of events) {
        const { leased } = await store.claim(claimOf(['dead'], { nowMs: T0 + 9 }));
        assert.deepEqual(
          leased.map((one) => one.event.id),
          [event.id],
        );
        await settleAs(store, leased[0]!, { kind: 'completed' }, T0 + 9);
      }
      assert.deepEqual(await heldCounts(store), []);
    });

    test('held ones leave the age of the oldest, and have their own', async (t) => {
      const { store } = await openFor(t, factory);
      await store.insertEvent(anEvent({ receivedAtMs: T0 }), [held('dead')]);
      await store.insertEvent(anEvent({ receivedAtMs: T0 + 1 }), [held('dead')]);
      await insertFor(store, ['live'], { receivedAtMs: T0 + 5 });
      await work(store, 'live', { kind: 'retry', dueAtMs: T0 + 900, error: 'again' }, T0 + 5);
      const stats = await store.stats();
      assert.deepEqual(stats.held, [{ destination: 'dead', count: 2, oldestAtMs: T0 }]);
      assert.equal(stats.oldestPendingAtMs, T0 + 5);
      await leaseNext(store, 'dead', T0 + 1);
      assert.equal((await store.stats()).held[0]?.oldestAtMs, T0 + 1);
    });

    test('what is accepted behind a backlog that was held has its age, once it is freed', async (t) => {
      const { store } = await openFor(t, factory);
      await store.insertEvent(anEvent({ receivedAtMs: T0 }), [held('dead')]);
      await insertFor(store, ['dead'], { receivedAtMs: T0 + 30 });
      const stats = await store.stats();
      assert.equal(stats.oldestPendingAtMs, T0 + 30);
      assert.deepEqual(stats.held, [{ destination: 'dead', count: 1, oldestAtMs: T0 }]);
    });
  });
}

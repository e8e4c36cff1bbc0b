import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Store } from '../store.ts';
import {
  claimOf,
  insertFor,
  LEASE_MS,
  leaseNext,
  openFor,
  SETTLEMENTS,
  type StoreFactory,
  settleAs,
  T0,
  work,
} from './harness.ts';
import { snapshotOf } from './snapshot.ts';

/** How leases whose holder is gone are found. */
export function expiredConformance(factory: StoreFactory): void {
  describe('expired', () => {
    test('a lease is listed from its very end on, with all that it takes to settle it', async (t) => {
      const { store } = await openFor(t, factory);
      await insertFor(store, ['billing']);
      await work(store, 'billing', { kind: 'retry', dueAtMs: T0 + 10, error: 'again' });
      const { lease } = await leaseNext(store, 'billing', T0 + 20);
      assert.deepEqual(await store.expired(T0 + 20 + LEASE_MS - 1, 10), []);
      assert.deepEqual(await store.expired(T0 + 20 + LEASE_MS, 10), [
        { lease, source: 'default', destination: 'billing', attempts: 1, leasedAtMs: T0 + 20 },
      ]);
    });

    test('the oldest first, in the order of acceptance where they end together, up to the limit', async (t) => {
      const { store } = await openFor(t, factory);
      const ids = await insertThree(store);
      await leaseUntil(store, 'a', T0 + 30);
      await leaseUntil(store, 'b', T0 + 10);
      await leaseUntil(store, 'c', T0 + 10);
      assert.deepEqual(await expiredIds(store, T0 + 30, 10), [ids.b, ids.c, ids.a]);
      assert.deepEqual(await expiredIds(store, T0 + 30, 2), [ids.b, ids.c]);
      assert.deepEqual(await expiredIds(store, T0 + 29, 10), [ids.b, ids.c]);
    });

    test('asking changes nothing: the holder still may settle', async (t) => {
      const { store } = await openFor(t, factory);
      const { event } = await insertFor(store, ['billing']);
      const leased = await leaseNext(store, 'billing');
      const before = await snapshotOf(store, [event]);
      await store.expired(T0 + LEASE_MS, 10);
      assert.deepEqual(await snapshotOf(store, [event]), before);
      await settleAs(store, leased, { kind: 'completed' });
    });

    test('a lease that was settled is no longer listed, whichever way', async (t) => {
      const { store } = await openFor(t, factory);
      for (const settlement of SETTLEMENTS) {
        await insertFor(store, [settlement.kind]);
        await work(store, settlement.kind, settlement);
        assert.deepEqual(await store.expired(T0 + 10 * LEASE_MS, 10), [], settlement.kind);
      }
    });

    test('a lease is dated by its claim, however often it was extended', async (t) => {
      const { store } = await openFor(t, factory);
      await insertFor(store, ['billing']);
      const { lease } = await leaseNext(store, 'billing', T0 + 5);
      await store.extend(lease, T0 + 2 * LEASE_MS);
      const [expired] = await store.expired(T0 + 2 * LEASE_MS, 10);
      assert.equal(expired?.leasedAtMs, T0 + 5);
    });

    test('what is listed can be settled with its token, and is charged', async (t) => {
      const { store } = await openFor(t, factory);
      const { event } = await insertFor(store, ['billing']);
      const dead = await leaseNext(store, 'billing');
      const [expired] = await store.expired(dead.lease.untilMs, 10);
      const dueAtMs = dead.lease.untilMs + 1;
      await settleAs(store, expired!, { kind: 'retry', dueAtMs, error: 'interrupted' });
      assert.equal((await store.eventById(event.id))?.attempts, 1);
      assert.equal((await leaseNext(store, 'billing', dueAtMs)).attempts, 1);
    });
  });
}

async function insertThree(store: Store): Promise<{ a: string; b: string; c: string }> {
  const insert = async (name: string) => (await insertFor(store, [name])).deliveries[0]!.id;
  return { a: await insert('a'), b: await insert('b'), c: await insert('c') };
}

async function leaseUntil(store: Store, destination: string, leaseUntilMs: number): Promise<void> {
  await store.claim(claimOf([destination], { leaseUntilMs }));
}

async function expiredIds(store: Store, untilMs: number, limit: number): Promise<string[]> {
  return (await store.expired(untilMs, limit)).map(({ lease }) => lease.deliveryId);
}

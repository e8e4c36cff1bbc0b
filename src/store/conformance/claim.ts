import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { claimOf, insertFor, LEASE_MS, leasedIds, openFor, type StoreFactory, T0, work } from './harness.ts';
import { plainEvent } from './snapshot.ts';

/** Which deliveries a claim takes, in which order, and what it says of those it leaves. */
export function claimConformance(factory: StoreFactory): void {
  describe('claim', () => {
    test('a lease comes with all that a handler needs, and the delivery is processing', async (t) => {
      const { store } = await openFor(t, factory);
      const { event, deliveries } = await insertFor(store, ['billing']);
      const { id } = deliveries[0]!;
      const request = claimOf(['billing'], { nowMs: T0 + 40 });

      const { leased, nextDueAtMs } = await store.claim(request);

      const [{ event: claimed, ...rest }] = leased as [(typeof leased)[0]];
      assert.deepEqual(rest, {
        lease: { deliveryId: id, token: request.token, untilMs: T0 + 40 + LEASE_MS, orderKey: null },
        destination: 'billing',
        attempts: 0,
        sentAs: id,
      });
      assert.deepEqual(plainEvent(claimed), plainEvent(event));
      assert.equal(nextDueAtMs, null);
      const [delivery] = await store.deliveriesOf(event.id);
      assert.deepEqual(
        [delivery?.status, delivery?.attempts, delivery?.createdAtMs, delivery?.updatedAtMs],
        ['processing', 0, T0, T0 + 40],
      );
    });

    test('the longest due comes first, and of those due at once the one accepted first', async (t) => {
      const { store } = await openFor(t, factory);
      const later = await insertFor(store, ['billing'], { receivedAtMs: T0 + 2 });
      const first = await insertFor(store, ['billing']);
      const second = await insertFor(store, ['billing']);
      const outcome = await store.claim(claimOf(['billing'], { nowMs: T0 + 5 }));
      assert.deepEqual(
        leasedIds(outcome),
        [...first.deliveries, ...second.deliveries, ...later.deliveries].map(({ id }) => id),
      );
    });

    test('retries are claimed by their due times, not by their ages', async (t) => {
      const { store } = await openFor(t, factory);
      const old = await insertFor(store, ['billing']);
      await work(store, 'billing', { kind: 'retry', dueAtMs: T0 + 100, error: 'again' });
      const young = await insertFor(store, ['billing'], { receivedAtMs: T0 + 50 });
      const outcome = await store.claim(claimOf(['billing'], { nowMs: T0 + 100 }));
      assert.deepEqual(leasedIds(outcome), [young.deliveries[0]!.id, old.deliveries[0]!.id]);
      assert.deepEqual(
        outcome.leased.map(({ attempts }) => attempts),
        [0, 1],
      );
    });

    test('nothing is claimed before it is due, and all at that very millisecond', async (t) => {
      const { store } = await openFor(t, factory);
      await insertFor(store, ['billing'], { receivedAtMs: T0 + 10 });
      const early = await store.claim(claimOf(['billing'], { nowMs: T0 + 9 }));
      assert.deepEqual(early, { leased: [], nextDueAtMs: T0 + 10 });
      const onTime = await store.claim(claimOf(['billing'], { nowMs: T0 + 10 }));
      assert.equal(onTime.leased.length, 1);
    });

    test('each destination has its own limit, and those not asked for keep theirs', async (t) => {
      const { store } = await openFor(t, factory);
      for (let i = 0; i < 4; i++) await insertFor(store, ['slow', 'fast', 'other']);
      const limits = [
        { destination: 'slow', limit: 1 },
        { destination: 'fast', limit: 3 },
      ];
      const { leased } = await store.claim(claimOf([], { limits }));
      assert.deepEqual(
        leased.map(({ destination }) => destination),
        ['slow', 'fast', 'fast', 'fast'],
      );
      assert.equal((await store.claim(claimOf(['other']))).leased.length, 4);
    });

    test('leases come in the order of the limits, not of the due times', async (t) => {
      const { store } = await openFor(t, factory);
      await insertFor(store, ['a'], { receivedAtMs: T0 });
      await insertFor(store, ['b'], { receivedAtMs: T0 + 1 });
      const { leased } = await store.claim(claimOf(['b', 'a'], { nowMs: T0 + 1 }));
      assert.deepEqual(
        leased.map(({ destination }) => destination),
        ['b', 'a'],
      );
    });

    test('what is leased is not claimed again, however late it is', async (t) => {
      const { store } = await openFor(t, factory);
      await insertFor(store, ['billing']);
      await store.claim(claimOf(['billing']));
      const again = await store.claim(claimOf(['billing'], { nowMs: T0 + 10 * LEASE_MS }));
      assert.deepEqual(again, { leased: [], nextDueAtMs: null });
    });

    test('what has ended is not claimed again', async (t) => {
      const { store } = await openFor(t, factory);
      await insertFor(store, ['billing', 'audit']);
      await work(store, 'billing', { kind: 'completed' });
      await work(store, 'audit', { kind: 'failed', error: 'no' });
      const again = await store.claim(claimOf(['billing', 'audit'], { nowMs: T0 + 10 * LEASE_MS }));
      assert.deepEqual(again, { leased: [], nextDueAtMs: null });
    });
  });

  describe('claim: when the next delivery is due', () => {
    test('null when nothing of the asked destinations is pending', async (t) => {
      const { store } = await openFor(t, factory);
      await insertFor(store, ['other']);
      assert.deepEqual(await store.claim(claimOf(['billing'])), { leased: [], nextDueAtMs: null });
      assert.deepEqual(await store.claim(claimOf([])), { leased: [], nextDueAtMs: null });
    });

    test('in the past when a limit left some behind, that of 0 included', async (t) => {
      const { store } = await openFor(t, factory);
      await insertFor(store, ['billing'], { receivedAtMs: T0 });
      await insertFor(store, ['billing'], { receivedAtMs: T0 + 1 });
      await insertFor(store, ['billing'], { receivedAtMs: T0 + 2 });
      const none = await store.claim(claimOf(['billing'], { nowMs: T0 + 9, limit: 0 }));
      assert.deepEqual(none, { leased: [], nextDueAtMs: T0 });
      const one = await store.claim(claimOf(['billing'], { nowMs: T0 + 9, limit: 1 }));
      assert.equal(one.leased.length, 1);
      assert.equal(one.nextDueAtMs, T0 + 1);
    });

    test('the earliest over all asked destinations', async (t) => {
      const { store } = await openFor(t, factory);
      await insertFor(store, ['a', 'b', 'c']);
      await work(store, 'a', { kind: 'retry', dueAtMs: T0 + 300, error: 'again' });
      await work(store, 'b', { kind: 'retry', dueAtMs: T0 + 200, error: 'again' });
      await work(store, 'c', { kind: 'retry', dueAtMs: T0 + 100, error: 'again' });
      assert.equal((await store.claim(claimOf(['a', 'b']))).nextDueAtMs, T0 + 200);
      assert.equal((await store.claim(claimOf(['b', 'a', 'c']))).nextDueAtMs, T0 + 100);
    });
  });
}

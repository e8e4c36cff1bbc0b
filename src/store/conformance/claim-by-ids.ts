import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  claimByIdsOf,
  insertFor,
  LEASE_MS,
  leaseNext,
  openFor,
  type StoreFactory,
  settleAs,
  T0,
  work,
} from './harness.ts';
import { plainEvent } from './snapshot.ts';

/** Which of the deliveries that are named are leased. */
export function claimByIdsConformance(factory: StoreFactory): void {
  describe('claimByIds', () => {
    test('a lease comes with all that a handler needs, and its holder may settle', async (t) => {
      const { store } = await openFor(t, factory);
      const { event, deliveries } = await insertFor(store, ['billing', 'audit']);
      const { id } = deliveries[1]!;
      const request = claimByIdsOf([id], T0 + 40);
      const { leased, early, left } = await store.claimByIds(request);
      const [{ event: claimed, ...rest }] = leased as [(typeof leased)[0]];
      assert.deepEqual(rest, {
        lease: { deliveryId: id, token: request.token, untilMs: T0 + 40 + LEASE_MS, orderKey: null },
        destination: 'audit',
        attempts: 0,
        sentAs: id,
      });
      assert.deepEqual(plainEvent(claimed), plainEvent(event));
      assert.deepEqual([early, left], [[], []]);
      await settleAs(store, leased[0]!, { kind: 'completed' });
      const statuses = (await store.deliveriesOf(event.id)).map(({ status }) => status);
      assert.deepEqual(statuses, ['pending', 'completed']);
    });

    test('in the order asked for, each once', async (t) => {
      const { store } = await openFor(t, factory);
      const first = (await insertFor(store, ['billing'])).deliveries[0]!.id;
      const second = (await insertFor(store, ['billing'])).deliveries[0]!.id;
      const { leased } = await store.claimByIds(claimByIdsOf([second, first, second]));
      assert.deepEqual(
        leased.map(({ lease }) => lease.deliveryId),
        [second, first],
      );
    });

    test('what is leased, has ended or is unknown is passed over', async (t) => {
      const { store } = await openFor(t, factory);
      const { event, deliveries } = await insertFor(store, ['a', 'b', 'c', 'd']);
      await leaseNext(store, 'a');
      await work(store, 'b', { kind: 'completed' });
      await work(store, 'c', { kind: 'failed', error: 'no' });
      const unknown = [event.id.replace(/....$/, '0009'), event.id.replace(/^..../, 'ffff')];
      const outcome = await store.claimByIds(claimByIdsOf([...deliveries.map(({ id }) => id), ...unknown]));
      assert.deepEqual(
        outcome.leased.map(({ destination }) => destination),
        ['d'],
      );
      assert.deepEqual(await store.claimByIds(claimByIdsOf([])), { leased: [], early: [], left: [] });
    });

    test('what is due later is named with its time, and leased at that very millisecond', async (t) => {
      const { store } = await openFor(t, factory);
      const { id } = (await insertFor(store, ['billing'])).deliveries[0]!;
      await work(store, 'billing', { kind: 'retry', dueAtMs: T0 + 100, error: 'again' });
      assert.deepEqual(await store.claimByIds(claimByIdsOf([id, id], T0 + 99)), {
        leased: [],
        early: [{ deliveryId: id, dueAtMs: T0 + 100 }],
        left: [],
      });
      const { leased } = await store.claimByIds(claimByIdsOf([id], T0 + 100));
      assert.deepEqual([leased.length, leased[0]?.attempts], [1, 1]);
    });

    test('counts attempts as any claim does', async (t) => {
      const { store } = await openFor(t, factory);
      const { id } = (await insertFor(store, ['billing'])).deliveries[0]!;
      await store.claimByIds(claimByIdsOf([id]));
      const { counts } = await store.stats();
      const open = counts.filter(({ count }) => count > 0);
      assert.deepEqual(open, [{ destination: 'billing', status: 'processing', count: 1 }]);
    });
  });
}

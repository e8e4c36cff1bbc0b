import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { insertFor, leaseNext, openFor, type StoreFactory, T0, work } from './harness.ts';

/** What a sweep learns about deliveries that are pending and due. */
export function dueConformance(factory: StoreFactory): void {
  describe('countDue and duePending', () => {
    test('count and list what is pending and due of one destination, the longest due first', async (t) => {
      const { store } = await openFor(t, factory);
      await insertFor(store, ['billing'], { receivedAtMs: T0 });
      await leaseNext(store, 'billing');
      const late = await insertFor(store, ['billing'], { receivedAtMs: T0 + 9 });
      const first = await insertFor(store, ['billing', 'audit'], { receivedAtMs: T0 + 5 });
      const second = await insertFor(store, ['billing'], { receivedAtMs: T0 + 5 });
      await insertFor(store, ['audit'], { receivedAtMs: T0 + 5 });
      await work(store, 'audit', { kind: 'completed' }, T0 + 5);

      assert.equal(await store.countDue('billing', T0 + 8, 100), 2);
      assert.deepEqual(await store.duePending('billing', T0 + 9, 10, null), {
        deliveries: [
          { deliveryId: first.deliveries[0]!.id, dueAtMs: T0 + 5 },
          { deliveryId: second.deliveries[0]!.id, dueAtMs: T0 + 5 },
          { deliveryId: late.deliveries[0]!.id, dueAtMs: T0 + 9 },
        ],
        next: null,
      });
      assert.equal(await store.countDue('billing', T0 + 9, 2), 2);
      assert.equal(await store.countDue('unknown', T0 + 9, 2), 0);
      assert.deepEqual(await store.duePending('unknown', T0 + 9, 2, null), { deliveries: [], next: null });
    });

    test('pages follow each other without gap or repetition, whatever ends meanwhile', async (t) => {
      const { store } = await openFor(t, factory);
      const ids: string[] = [];
      for (let i = 0; i < 7; i++) {
        const { deliveries } = await insertFor(store, ['billing'], { receivedAtMs: T0 + Math.floor(i / 3) });
        ids.push(deliveries[0]!.id);
      }
      const seen: string[] = [];
      let after: string | null = null;
      do {
        const page = await store.duePending('billing', T0 + 10, 2, after);
        seen.push(...page.deliveries.map(({ deliveryId }) => deliveryId));
        after = page.next;
        if (seen.length === 2) await work(store, 'billing', { kind: 'completed' }, T0 + 10);
        if (seen.length === 2) await work(store, 'billing', { kind: 'completed' }, T0 + 10);
      } while (after !== null);
      assert.deepEqual(seen, ids);
    });

    test('a retry counts once it is due', async (t) => {
      const { store } = await openFor(t, factory);
      await insertFor(store, ['billing']);
      await work(store, 'billing', { kind: 'retry', dueAtMs: T0 + 100, error: 'again' });
      assert.equal(await store.countDue('billing', T0 + 99, 10), 0);
      assert.equal(await store.countDue('billing', T0 + 100, 10), 1);
      assert.equal((await store.duePending('billing', T0 + 99, 10, null)).deliveries.length, 0);
    });
  });
}

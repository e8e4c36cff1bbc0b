import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { anAudit, anEvent } from '../../../testkit/builders.ts';
import { deliveryIdOf } from '../../domain/delivery.ts';
import { NEVER_MS } from '../../domain/order.ts';
import type { Settlement } from '../../domain/settlement.ts';
import type { Store } from '../store.ts';
import { finishOf } from './complete-support.ts';
import { claimOf, leasedIds, leaseNext, openFor, type StoreFactory, settleAs, T0, work } from './harness.ts';

const COMPLETED: Settlement = { kind: 'completed' };
const SKIPPED: Settlement = { kind: 'failed', error: 'gave up' };
const BLOCKING: Settlement = { kind: 'failed', error: 'gave up', blocksKey: true };

/** Inserts an event whose delivery to `ledger` is ordered by the key. @returns the delivery's id */
async function insertOrdered(store: Store, orderKey: string, destination = 'ledger'): Promise<string> {
  const event = anEvent();
  assert.deepEqual(await store.insertEvent(event, [{ destination, orderKey }]), { kind: 'inserted' });
  return deliveryIdOf(event.id, 1);
}

/** What a claim of everything due gets. */
async function claimIds(store: Store, destination = 'ledger'): Promise<string[]> {
  return leasedIds(await store.claim(claimOf([destination])));
}

async function deliveryOf(store: Store, id: string) {
  const deliveries = await store.deliveriesOf(deliveryIdOf(id, 0));
  return deliveries.find((delivery) => delivery.id === id)!;
}

/** Deliveries of a destination that share a key are processed one at a time, in the order of acceptance. */
export function orderConformance(factory: StoreFactory): void {
  describe('order', () => {
    test('of one key the first is due, the others wait; of other keys each is free', async (t) => {
      const { store } = await openFor(t, factory);
      const first = await insertOrdered(store, 'a');
      const second = await insertOrdered(store, 'a');
      const other = await insertOrdered(store, 'b');
      assert.deepEqual(await claimIds(store), [first, other]);
      const { turn, dueAtMs, status, orderKey } = await deliveryOf(store, second);
      assert.deepEqual(
        { turn, dueAtMs, status, orderKey },
        { turn: 'waits', dueAtMs: NEVER_MS, status: 'pending', orderKey: 'a' },
      );
      assert.equal((await deliveryOf(store, first)).turn, 'holds');
      const { leased, nextDueAtMs } = await store.claim(claimOf(['ledger'], { nowMs: NEVER_MS - 1 }));
      assert.deepEqual({ leased, nextDueAtMs }, { leased: [], nextDueAtMs: null });
    });

    test('a lease knows the key', async (t) => {
      const { store } = await openFor(t, factory);
      const id = await insertOrdered(store, 'a');
      const { lease } = await leaseNext(store, 'ledger');
      assert.equal(lease.orderKey, 'a');
      const [expired] = await store.expired(lease.untilMs, 10);
      assert.deepEqual(expired?.lease, lease);
      await store.settle(lease, { kind: 'released', dueAtMs: T0 }, null, T0);
      const request = { deliveryIds: [id], token: 'by-id', nowMs: T0, leaseUntilMs: T0 + 1 };
      assert.equal((await store.claimByIds(request)).leased[0]?.lease.orderKey, 'a');
    });

    for (const settlement of [COMPLETED, SKIPPED]) {
      test(`the turn passes on in the order of acceptance when one is ${settlement.kind}`, async (t) => {
        const { store } = await openFor(t, factory);
        const ids = [];
        for (let i = 0; i < 5; i++) ids.push(await insertOrdered(store, 'a'));
        for (const id of ids) {
          const leased = await leaseNext(store, 'ledger');
          assert.equal(leased.lease.deliveryId, id);
          assert.deepEqual(await claimIds(store), []);
          await settleAs(store, leased, settlement);
          assert.equal((await deliveryOf(store, id)).turn, null);
        }
        assert.deepEqual(await claimIds(store), []);
        const later = await insertOrdered(store, 'a');
        assert.deepEqual(await claimIds(store), [later]);
      });
    }

    test('a handler that completes its delivery itself passes the turn', async (t) => {
      const { store } = await openFor(t, factory);
      const ids = [];
      for (let i = 0; i < 3; i++) ids.push(await insertOrdered(store, 'a'));
      for (const id of ids) {
        const leased = await leaseNext(store, 'ledger');
        assert.equal(leased.lease.deliveryId, id);
        assert.equal(await store.completeWithin(leased.lease, () => {}, finishOf(leased)), 'completed');
      }
      assert.deepEqual((await store.stats()).order, []);
      const again = await insertOrdered(store, 'a');
      const stale = await leaseNext(store, 'ledger');
      await store.settle(stale.lease, { kind: 'released', dueAtMs: T0 }, null, T0);
      await insertOrdered(store, 'a');
      assert.equal(await store.completeWithin(stale.lease, () => {}, finishOf(stale)), 'lost');
      assert.deepEqual(await claimIds(store), [again]);
    });

    test('a retry and a release keep the turn', async (t) => {
      const { store } = await openFor(t, factory);
      const first = await insertOrdered(store, 'a');
      await insertOrdered(store, 'a');
      await work(store, 'ledger', { kind: 'retry', dueAtMs: T0 + 50, error: 'later' });
      assert.deepEqual(await claimIds(store), []);
      assert.equal((await store.claim(claimOf(['ledger']))).nextDueAtMs, T0 + 50);
      await work(store, 'ledger', { kind: 'released', dueAtMs: T0 }, T0 + 50);
      assert.deepEqual(await claimIds(store), [first]);
    });

    test('a key is a destination’s own, and a delivery without one waits for none', async (t) => {
      const { store } = await openFor(t, factory);
      const event = anEvent();
      await store.insertEvent(event, [
        { destination: 'ledger', orderKey: 'a' },
        { destination: 'audit', orderKey: 'a' },
        'plain',
      ]);
      const again = anEvent();
      await store.insertEvent(again, ['plain', { destination: 'audit', orderKey: 'a' }, 'ledger']);
      assert.deepEqual(await claimIds(store), [deliveryIdOf(event.id, 1), deliveryIdOf(again.id, 3)]);
      assert.deepEqual(await claimIds(store, 'audit'), [deliveryIdOf(event.id, 2)]);
      assert.deepEqual(await claimIds(store, 'plain'), [
        deliveryIdOf(event.id, 3),
        deliveryIdOf(again.id, 1),
      ]);
      const { leased } = await store.claim(claimOf(['plain']));
      assert.deepEqual(leased, []);
    });

    test('keys are told apart by their characters', async (t) => {
      const { store } = await openFor(t, factory);
      const keys = [
        'a',
        'A',
        'ä',
        'a\u0308',
        '',
        ' ',
        "'",
        '"',
        '\\',
        '{}',
        'null',
        '\u{1f4a9}',
        'x'.repeat(255),
      ];
      const ids = [];
      for (const key of keys) ids.push(await insertOrdered(store, key));
      assert.deepEqual(await claimIds(store), ids);
      for (const [at, id] of ids.entries()) assert.equal((await deliveryOf(store, id)).orderKey, keys[at]);
    });

    test('who waits is pending: it counts for the limit, and its age', async (t) => {
      const { store } = await openFor(t, factory, { maxPendingDeliveries: 2 });
      await insertOrdered(store, 'a');
      await insertOrdered(store, 'a');
      const outcome = await store.insertEvent(anEvent(), [{ destination: 'ledger', orderKey: 'b' }]);
      assert.deepEqual(outcome, { kind: 'full', bound: 'pending' });
      await leaseNext(store, 'ledger');
      assert.equal((await store.stats()).oldestPendingAtMs, T0);
    });

    test('a claim by ids passes over who waits, and what is due is listed without them', async (t) => {
      const { store } = await openFor(t, factory);
      const first = await insertOrdered(store, 'a');
      const second = await insertOrdered(store, 'a');
      assert.equal(await store.countDue('ledger', T0, 10), 1);
      const page = await store.duePending('ledger', T0, 10, null);
      assert.deepEqual(page, { deliveries: [{ deliveryId: first, dueAtMs: T0 }], next: null });
      const request = { deliveryIds: [second, first], token: 'one', nowMs: T0, leaseUntilMs: T0 + 1 };
      const { leased, early, left } = await store.claimByIds(request);
      assert.deepEqual(
        leased.map(({ lease }) => lease.deliveryId),
        [first],
      );
      assert.deepEqual([early, left], [[], []]);
    });

    test('after a settlement it can be asked who has the turn now', async (t) => {
      const { store } = await openFor(t, factory);
      const first = await insertOrdered(store, 'a');
      const second = await insertOrdered(store, 'a');
      const other = await insertOrdered(store, 'b');
      const plain = anEvent();
      await store.insertEvent(plain, ['ledger']);
      const asked = [first, second, other, deliveryIdOf(plain.id, 1), deliveryIdOf(anEvent().id, 1)];
      const due = (...ids: string[]) => ids.map((deliveryId) => ({ deliveryId, dueAtMs: T0 }));
      assert.deepEqual(await turns(store, asked), due(first, other));
      const leased = await leaseNext(store, 'ledger');
      assert.deepEqual(await turns(store, asked), due(other));
      await settleAs(store, leased, COMPLETED);
      assert.deepEqual(await turns(store, [first]), due(second));
    });

    test('blocked keys and waiting deliveries are counted', async (t) => {
      const { store } = await openFor(t, factory);
      const order = async () => (await store.stats()).order;
      for (const key of ['a', 'a', 'a', 'b']) await insertOrdered(store, key);
      assert.deepEqual(await order(), [{ destination: 'ledger', waiting: 2, blocked: 0 }]);
      await work(store, 'ledger', BLOCKING);
      assert.deepEqual(await order(), [{ destination: 'ledger', waiting: 2, blocked: 1 }]);
      await store.releaseKey('ledger', 'a', anAudit());
      assert.deepEqual(await order(), [{ destination: 'ledger', waiting: 1, blocked: 0 }]);
      for (let i = 0; i < 3; i++) await work(store, 'ledger', COMPLETED);
      assert.deepEqual(await order(), []);
    });

    test('of many that come at once each waits for the one before', async (t) => {
      const { store } = await openFor(t, factory);
      const events = Array.from({ length: 60 }, () => anEvent());
      const keys = ['a', 'b', 'c'];
      await Promise.all(
        events.map((event, at) =>
          store.insertEvent(event, [{ destination: 'ledger', orderKey: keys[at % 3]! }]),
        ),
      );
      const seen: string[] = [];
      for (;;) {
        const { leased } = await store.claim(claimOf(['ledger']));
        if (leased.length === 0) break;
        assert.equal(leased.length, 3);
        await Promise.all(leased.map((one) => settleAs(store, one, COMPLETED)));
        seen.push(...leased.map(({ event }) => event.id));
      }
      assert.deepEqual(seen.toSorted(), events.map(({ id }) => id).toSorted());
      for (const [at] of keys.entries()) {
        const own = events.filter((_, n) => n % 3 === at).map(({ id }) => id);
        assert.deepEqual(
          seen.filter((id) => own.includes(id)),
          own,
        );
      }
    });

    test('an accept that meets the end of the one before never leaves a key without a turn', async (t) => {
      const { store } = await openFor(t, factory);
      let last = await insertOrdered(store, 'a');
      for (let round = 0; round < 40; round++) {
        const leased = await leaseNext(store, 'ledger');
        assert.equal(leased.lease.deliveryId, last);
        // In one pass of the event loop, and in two.
        const settling = settleAs(store, leased, round % 3 === 0 ? SKIPPED : COMPLETED);
        if (round % 2 === 0) await new Promise((resolve) => setImmediate(resolve));
        [last] = await Promise.all([insertOrdered(store, 'a'), settling]);
      }
    });
  });
}

async function turns(store: Store, ids: readonly string[]) {
  return (await store.turnsAfter(ids)).toSorted((a, b) => (a.deliveryId < b.deliveryId ? -1 : 1));
}

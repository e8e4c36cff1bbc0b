import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { anAudit, anEvent } from '../../../testkit/builders.ts';
import { deliveryIdOf } from '../../domain/delivery.ts';
import type { Settlement } from '../../domain/settlement.ts';
import type { Store } from '../store.ts';
import { claimOf, leasedIds, openFor, type StoreFactory, T0, work } from './harness.ts';

const BLOCKING: Settlement = { kind: 'failed', error: 'gave up', blocksKey: true };
const SKIPPED: Settlement = { kind: 'failed', error: 'gave up' };

async function insertOrdered(store: Store, orderKey: string, destination = 'ledger'): Promise<string> {
  const event = anEvent();
  await store.insertEvent(event, [{ destination, orderKey }]);
  return deliveryIdOf(event.id, 1);
}

const claimIds = async (store: Store) => leasedIds(await store.claim(claimOf(['ledger'])));

/** A failed delivery holds its key until somebody releases or replays it. */
export function blockedConformance(factory: StoreFactory): void {
  describe('blocked keys', () => {
    test('a failure that blocks holds back its own key alone', async (t) => {
      const { store } = await openFor(t, factory);
      const failed = await insertOrdered(store, 'a');
      await insertOrdered(store, 'a');
      await work(store, 'ledger', BLOCKING, T0 + 5);
      const later = await insertOrdered(store, 'b');
      await insertOrdered(store, 'a');
      assert.deepEqual(await claimIds(store), [later]);
      assert.deepEqual(await store.listBlocked(10, null, null), {
        keys: [
          {
            destination: 'ledger',
            orderKey: 'a',
            deliveryId: failed,
            error: 'gave up',
            sinceMs: T0 + 5,
            waiting: 2,
          },
        ],
        next: null,
      });
      assert.equal((await store.listDeadLetters(10, null)).deliveries[0]?.turn, 'holds');
    });

    test('without an order key nothing is blocked', async (t) => {
      const { store } = await openFor(t, factory);
      await store.insertEvent(anEvent(), ['ledger']);
      await work(store, 'ledger', BLOCKING);
      assert.deepEqual(await store.listBlocked(10, null, null), { keys: [], next: null });
      assert.equal((await store.listDeadLetters(10, null)).deliveries[0]?.turn, null);
    });

    test('a release gives the turn to the next, and leaves the dead letter', async (t) => {
      const { store } = await openFor(t, factory);
      const failed = await insertOrdered(store, 'a');
      const next = await insertOrdered(store, 'a');
      await work(store, 'ledger', BLOCKING);
      assert.deepEqual(await store.releaseKey('ledger', 'a', anAudit()), {
        kind: 'released',
        deliveryId: failed,
        next: { deliveryId: next, dueAtMs: T0 },
      });
      assert.deepEqual(await claimIds(store), [next]);
      assert.deepEqual(await store.listBlocked(10, null, null), { keys: [], next: null });
      const [letter] = (await store.listDeadLetters(10, null)).deliveries;
      assert.deepEqual([letter?.id, letter?.turn], [failed, null]);
    });

    test('a release of a key without waiting deliveries frees it', async (t) => {
      const { store } = await openFor(t, factory);
      const failed = await insertOrdered(store, 'a');
      await work(store, 'ledger', BLOCKING);
      const outcome = await store.releaseKey('ledger', 'a', anAudit());
      assert.deepEqual(outcome, { kind: 'released', deliveryId: failed, next: null });
      const id = await insertOrdered(store, 'a');
      assert.deepEqual(await claimIds(store), [id]);
    });

    test('what is not blocked cannot be released', async (t) => {
      const { store } = await openFor(t, factory);
      const release = async (destination: string, orderKey: string) =>
        (await store.releaseKey(destination, orderKey, anAudit())).kind;
      await insertOrdered(store, 'a');
      await insertOrdered(store, 'b');
      await work(store, 'ledger', BLOCKING);
      assert.equal(await release('ledger', 'b'), 'not_blocked');
      assert.equal(await release('audit', 'a'), 'not_blocked');
      assert.equal(await release('ledger', 'never'), 'not_blocked');
      assert.equal(await release('ledger', 'a'), 'released');
      assert.equal(await release('ledger', 'a'), 'not_blocked');
    });

    test('a replay of the one that blocks takes its turn', async (t) => {
      const { store } = await openFor(t, factory);
      const failed = await insertOrdered(store, 'a');
      const next = await insertOrdered(store, 'a');
      await work(store, 'ledger', BLOCKING);
      const outcome = await store.replay(failed, T0, {}, anAudit());
      assert.ok(outcome.kind === 'replayed');
      assert.deepEqual([outcome.delivery.turn, outcome.delivery.orderKey], ['holds', 'a']);
      assert.deepEqual(await store.listBlocked(10, null, null), { keys: [], next: null });
      await work(store, 'ledger', { kind: 'completed' });
      assert.deepEqual(await claimIds(store), [next]);
    });

    test('a replay of the one that blocks finds room, for it is what makes some; any other does not', async (t) => {
      const { store } = await openFor(t, factory, { maxPendingDeliveries: 2 });
      const other = await insertOrdered(store, 'b');
      await work(store, 'ledger', SKIPPED);
      const failed = await insertOrdered(store, 'a');
      await work(store, 'ledger', BLOCKING);
      const next = await insertOrdered(store, 'a');
      await insertOrdered(store, 'a');
      assert.deepEqual(await store.replay(other, T0, {}, anAudit()), { kind: 'full', bound: 'pending' });
      assert.equal((await store.replay(failed, T0, {}, anAudit())).kind, 'full');
      assert.equal((await store.replay(failed, T0, { beyondLimit: true }, anAudit())).kind, 'replayed');
      const again = { beyondLimit: true, again: true };
      assert.equal((await store.replay(failed, T0, again, anAudit())).kind, 'full');
      assert.deepEqual(await store.insertEvent(anEvent(), ['ledger']), {
        kind: 'full',
        bound: 'pending',
      });
      await work(store, 'ledger', { kind: 'completed' });
      assert.deepEqual(await claimIds(store), [next]);
    });

    test('any other replay waits, in the place of its event', async (t) => {
      const { store } = await openFor(t, factory);
      const first = await insertOrdered(store, 'a');
      const second = await insertOrdered(store, 'a');
      const third = await insertOrdered(store, 'a');
      await work(store, 'ledger', SKIPPED);
      const outcome = await store.replay(first, T0, {}, anAudit());
      assert.ok(outcome.kind === 'replayed');
      assert.equal(outcome.delivery.turn, 'waits');
      for (const id of [second, outcome.delivery.id, third]) {
        const { leased } = await store.claim(claimOf(['ledger']));
        assert.deepEqual(
          leased.map(({ lease }) => lease.deliveryId),
          [id],
        );
        await store.settle(leased[0]!.lease, { kind: 'completed' }, null, T0);
      }
      const again = await store.replay(third, T0, { completed: true }, anAudit());
      assert.ok(again.kind === 'replayed');
      assert.deepEqual(await claimIds(store), [again.delivery.id]);
    });

    test('blocked keys are listed by destination and key, in pages', async (t) => {
      const { store } = await openFor(t, factory);
      const keys = ['b', 'a', 'Z', '', 'ä'];
      for (const destination of ['ledger', 'audit']) {
        for (const key of keys) {
          await insertOrdered(store, key, destination);
          await work(store, destination, BLOCKING);
        }
      }
      const sorted = ['', 'Z', 'a', 'b', 'ä'];
      const expected = ['audit', 'ledger'].flatMap((name) => sorted.map((key) => `${name} ${key}`));
      assert.deepEqual(await listAll(store, null, 3), expected);
      assert.deepEqual(await listAll(store, 'ledger', 3), expected.slice(sorted.length));
      assert.deepEqual(await listAll(store, 'ledger', 1), expected.slice(sorted.length));
      assert.deepEqual(await listAll(store, 'other', 3), []);
    });

    test('an event that blocks a key outlives its retention', async (t) => {
      const { store } = await openFor(t, factory);
      const id = await insertOrdered(store, 'a');
      await work(store, 'ledger', BLOCKING);
      assert.equal((await store.purge(T0 + 1, 10, null)).deleted, 0);
      await store.releaseKey('ledger', 'a', anAudit());
      assert.equal((await store.purge(T0 + 1, 10, null)).deleted, 1);
      assert.equal(await store.eventById(deliveryIdOf(id, 0)), null);
    });
  });
}

async function listAll(store: Store, destination: string | null, limit: number): Promise<string[]> {
  const names: string[] = [];
  let after: string | null = null;
  do {
    const page = await store.listBlocked(limit, after, destination);
    assert.ok(page.keys.length <= limit);
    names.push(...page.keys.map((key) => `${key.destination} ${key.orderKey}`));
    after = page.next;
  } while (after !== null);
  return names;
}

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { anEvent } from '../../../testkit/builders.ts';
import { ALERT_SOURCE } from '../../domain/alert.ts';
import type { Store } from '../store.ts';
import { claimOf, insertFor, leaseNext, openFor, type StoreFactory, settleAs, T0 } from './harness.ts';
import { snapshotOf } from './snapshot.ts';

/** Full is refused before it is written. */
export function fullConformance(factory: StoreFactory): void {
  const openWithRoomFor = async (t: Parameters<typeof openFor>[0], maxPendingDeliveries: number) =>
    (await openFor(t, factory, { maxPendingDeliveries })).store;

  describe('full', () => {
    test('the limit is reached exactly, and what exceeds it leaves no row', async (t) => {
      const store = await openWithRoomFor(t, 3);
      for (let i = 0; i < 3; i++) await insertFor(store, ['billing']);
      const refused = anEvent();
      const before = await snapshotOf(store, [refused]);

      assert.equal(await insertKind(store, ['billing'], refused), 'full');

      assert.deepEqual(await snapshotOf(store, [refused]), before);
      assert.equal(await store.eventById(refused.id), null);
      assert.equal((await store.stats()).events, 3);
    });

    test('a refused event is taken when it comes again and there is room', async (t) => {
      const store = await openWithRoomFor(t, 1);
      await insertFor(store, ['billing']);
      const event = anEvent();
      assert.equal(await insertKind(store, ['billing'], event), 'full');
      await leaseNext(store, 'billing');
      assert.equal(await insertKind(store, ['billing'], event), 'inserted');
    });

    test('every delivery of an event counts, and it is taken whole or not at all', async (t) => {
      const store = await openWithRoomFor(t, 3);
      await insertFor(store, ['billing', 'audit']);
      assert.equal(await insertKind(store, ['billing', 'audit']), 'full');
      assert.equal(await insertKind(store, ['billing']), 'inserted');
      assert.equal(await insertKind(store, ['audit']), 'full');
    });

    test('a known key is still a duplicate, with its current status', async (t) => {
      const store = await openWithRoomFor(t, 2);
      const { event } = await insertFor(store, ['billing']);
      await leaseNext(store, 'billing');
      await insertFor(store, ['audit', 'audit-2']);
      const again = anEvent({ idempotencyKey: event.idempotencyKey, body: Buffer.from('other') });
      assert.deepEqual(await store.insertEvent(again, ['billing']), {
        kind: 'duplicate',
        event: await store.eventById(event.id),
        conflict: true,
        by: 'key',
      });
      assert.equal((await store.eventById(event.id))?.status, 'processing');
    });

    test('an event without deliveries is never refused, not even beyond the limit', async (t) => {
      const store = await openWithRoomFor(t, 1);
      await insertFor(store, ['billing']);
      assert.equal(await insertKind(store, []), 'inserted');
      const leased = await leaseNext(store, 'billing');
      await insertFor(store, ['audit']);
      await settleAs(store, leased, { kind: 'released', dueAtMs: T0 });
      assert.equal(await insertKind(store, []), 'inserted');
    });

    test('an alert is stored however full the store is, and takes no room from others', async (t) => {
      const store = await openWithRoomFor(t, 2);
      assert.equal(await insertKind(store, ['pager', 'chat'], anAlert()), 'inserted');
      for (let i = 0; i < 2; i++) assert.equal(await insertKind(store, ['a']), 'inserted');
      assert.equal(await insertKind(store, ['a']), 'full');
      assert.equal(await insertKind(store, ['pager'], anAlert()), 'inserted');
      assert.equal(await insertKind(store, ['a']), 'full');
      await leaseNext(store, 'a');
      assert.equal(await insertKind(store, ['a']), 'inserted');
      assert.equal(await insertKind(store, ['a']), 'full');
    });

    test('an alert that is tried again takes no room either', async (t) => {
      const store = await openWithRoomFor(t, 1);
      await insertKind(store, ['pager'], anAlert());
      const leased = await leaseNext(store, 'pager');
      await settleAs(store, leased, { kind: 'retry', dueAtMs: T0 + 9, error: 'away' });
      assert.equal(await insertKind(store, ['a']), 'inserted');
      assert.equal(await insertKind(store, ['a']), 'full');
    });

    test('of an alert and others at once, the alert is stored', async (t) => {
      const store = await openWithRoomFor(t, 1);
      await insertFor(store, ['a']);
      const kinds = Promise.all([
        insertKind(store, ['a']),
        insertKind(store, ['pager'], anAlert()),
        insertKind(store, ['a', 'b']),
      ]);
      assert.deepEqual(await kinds, ['full', 'inserted', 'full']);
    });

    test('only what is pending counts: processing, completed and failed leave room', async (t) => {
      const store = await openWithRoomFor(t, 3);
      await insertFor(store, ['a', 'b', 'c']);
      await leaseNext(store, 'a');
      await settleAs(store, await leaseNext(store, 'b'), { kind: 'completed' });
      await settleAs(store, await leaseNext(store, 'c'), { kind: 'failed', error: 'no' });
      assert.equal(await insertKind(store, ['a', 'b', 'c']), 'inserted');
      assert.equal(await insertKind(store, ['a']), 'full');
    });

    test('retries and releases are never refused, and count once they are pending again', async (t) => {
      const store = await openWithRoomFor(t, 2);
      await insertFor(store, ['a', 'b']);
      const { leased } = await store.claim(claimOf(['a', 'b']));
      await insertFor(store, ['c', 'd']);
      await settleAs(store, leased[0]!, { kind: 'retry', dueAtMs: T0 + 9, error: 'again' });
      await settleAs(store, leased[1]!, { kind: 'released', dueAtMs: T0 });
      assert.equal(await insertKind(store, ['a']), 'full');
      await store.claim(claimOf(['b', 'c']));
      assert.equal(await insertKind(store, ['a']), 'full');
      await store.claim(claimOf(['d']));
      assert.equal(await insertKind(store, ['a']), 'inserted');
    });
  });
}

const anAlert = () => anEvent({ source: ALERT_SOURCE });

async function insertKind(store: Store, destinations: readonly string[], event = anEvent()): Promise<string> {
  return (await store.insertEvent(event, destinations)).kind;
}

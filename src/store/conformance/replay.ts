import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { anAudit, nextId } from '../../../testkit/builders.ts';
import { deliveryIdOf } from '../../domain/delivery.ts';
import { insertFor, leaseNext, openFor, type StoreFactory, T0, work } from './harness.ts';
import { snapshotOf } from './snapshot.ts';

const LATER = T0 + 60_000;

/** How an ended delivery is repeated. */
export function replayConformance(factory: StoreFactory): void {
  describe('replay', () => {
    for (const end of [{ kind: 'failed', error: 'no' }, { kind: 'completed' }] as const) {
      test(`a ${end.kind} delivery gets a successor that starts afresh, and stays as it ended`, async (t) => {
        const { store } = await openFor(t, factory);
        const { event, deliveries } = await insertFor(store, ['billing']);
        await work(store, 'billing', end);
        const [old] = await store.deliveriesOf(event.id);
        const outcome = await store.replay(deliveries[0]!.id, LATER, anAudit());

        const successor = {
          id: deliveryIdOf(event.id, 2),
          eventId: event.id,
          destination: 'billing',
          status: 'pending',
          attempts: 0,
          dueAtMs: LATER,
          lastError: null,
          createdAtMs: LATER,
          updatedAtMs: LATER,
          replayOf: deliveries[0]!.id,
          orderKey: null,
          turn: null,
        };
        assert.deepEqual(outcome, { kind: 'replayed', delivery: successor });
        assert.deepEqual(await store.deliveriesOf(event.id), [old, successor]);
        const view = await store.eventById(event.id);
        assert.deepEqual([view?.status, view?.attempts, view?.updatedAtMs], ['pending', 1, LATER]);
      });
    }

    test('a successor is claimed and settled like any other, and may itself be replayed', async (t) => {
      const { store } = await openFor(t, factory);
      const { event, deliveries } = await insertFor(store, ['billing']);
      await work(store, 'billing', { kind: 'failed', error: 'no' });
      const second = deliveryIdOf(event.id, 2);
      await store.replay(deliveries[0]!.id, LATER, anAudit());
      const leased = await leaseNext(store, 'billing', LATER);
      assert.deepEqual([leased.lease.deliveryId, leased.event.id, leased.attempts], [second, event.id, 0]);
      await store.settle(leased.lease, { kind: 'failed', error: 'still no' }, null, LATER);
      const outcome = await store.replay(second, LATER, anAudit());
      assert.equal(outcome.kind === 'replayed' && outcome.delivery.replayOf, second);
    });

    test('an event goes by its successors: a replay that completes makes a failed event completed', async (t) => {
      const { store } = await openFor(t, factory);
      const { event, deliveries } = await insertFor(store, ['billing', 'audit']);
      await work(store, 'audit', { kind: 'completed' });
      await work(store, 'billing', { kind: 'failed', error: 'no' });
      assert.equal((await store.eventById(event.id))?.status, 'failed');
      await store.replay(deliveries[0]!.id, LATER, anAudit());
      await work(store, 'billing', { kind: 'completed' }, LATER);
      assert.equal((await store.eventById(event.id))?.status, 'completed');
    });

    test('a delivery that is not there is unknown', async (t) => {
      const { store } = await openFor(t, factory);
      assert.deepEqual(await store.replay(nextId(T0), T0, anAudit()), { kind: 'unknown' });
    });

    test('an open delivery is not replayed', async (t) => {
      const { store } = await openFor(t, factory);
      const { event, deliveries } = await insertFor(store, ['billing']);
      const replay = () => store.replay(deliveries[0]!.id, LATER, anAudit());
      assert.deepEqual(await replay(), { kind: 'open', status: 'pending' });
      await leaseNext(store, 'billing');
      assert.deepEqual(await replay(), { kind: 'open', status: 'processing' });
      assert.equal((await store.deliveriesOf(event.id)).length, 1);
    });

    test('a full store refuses, and nothing is written', async (t) => {
      const { store } = await openFor(t, factory, { maxPendingDeliveries: 1 });
      const { event, deliveries } = await insertFor(store, ['billing']);
      await work(store, 'billing', { kind: 'failed', error: 'no' });
      const crowd = await insertFor(store, ['audit']);
      const before = await snapshotOf(store, [event, crowd.event]);
      assert.deepEqual(await store.replay(deliveries[0]!.id, LATER, anAudit()), { kind: 'full' });
      assert.deepEqual(await snapshotOf(store, [event, crowd.event]), before);

      await leaseNext(store, 'audit');
      assert.equal((await store.replay(deliveries[0]!.id, LATER, anAudit())).kind, 'replayed');
    });
  });
}

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { anAudit, nextId } from '../../../testkit/builders.ts';
import { deliveryIdOf } from '../../domain/delivery.ts';
import {
  claimByIdsOf,
  insertFor,
  leaseNext,
  openFor,
  type StoreFactory,
  settleAs,
  T0,
  work,
} from './harness.ts';
import { snapshotOf } from './snapshot.ts';

const LATER = T0 + 60_000;

/** How an ended delivery is repeated. */
export function replayConformance(factory: StoreFactory): void {
  describe('replay', () => {
    for (const end of [{ kind: 'failed', error: 'no' }, { kind: 'completed' }] as const) {
      test(`a ${end.kind} delivery gets a successor that starts afresh, and stays as it ended but for its name`, async (t) => {
        const { store } = await openFor(t, factory);
        const { event, deliveries } = await insertFor(store, ['billing']);
        await work(store, 'billing', end);
        const [old] = await store.deliveriesOf(event.id);
        const outcome = await store.replay(deliveries[0]!.id, LATER, { completed: true }, anAudit());

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
          replayedBy: null,
          failureGroup: null,
          sentAs: deliveryIdOf(event.id, end.kind === 'failed' ? 1 : 2),
          orderKey: null,
          turn: null,
        };
        assert.deepEqual(outcome, { kind: 'replayed', delivery: successor });
        const ended = { ...old!, replayedBy: successor.id };
        assert.deepEqual(await store.deliveriesOf(event.id), [ended, successor]);
        const view = await store.eventById(event.id);
        assert.deepEqual([view?.status, view?.attempts, view?.updatedAtMs], ['pending', 1, LATER]);
      });
    }

    test('a successor is claimed and settled like any other, and may itself be replayed', async (t) => {
      const { store } = await openFor(t, factory);
      const { event, deliveries } = await insertFor(store, ['billing']);
      await work(store, 'billing', { kind: 'failed', error: 'no' });
      const second = deliveryIdOf(event.id, 2);
      await store.replay(deliveries[0]!.id, LATER, {}, anAudit());
      const leased = await leaseNext(store, 'billing', LATER);
      assert.deepEqual([leased.lease.deliveryId, leased.event.id, leased.attempts], [second, event.id, 0]);
      await store.settle(leased.lease, { kind: 'failed', error: 'still no' }, null, LATER);
      const outcome = await store.replay(second, LATER, {}, anAudit());
      assert.equal(outcome.kind === 'replayed' && outcome.delivery.replayOf, second);
    });

    test('there is one replay of a delivery, whatever becomes of it', async (t) => {
      const { store } = await openFor(t, factory);
      const { event, deliveries } = await insertFor(store, ['billing']);
      await work(store, 'billing', { kind: 'failed', error: 'no' });
      const refused = { kind: 'already_replayed', replayId: deliveryIdOf(event.id, 2) };
      const replay = () =>
        store.replay(deliveries[0]!.id, LATER, { beyondLimit: true, completed: true }, anAudit());
      const outcomes = await Promise.all(Array.from({ length: 20 }, replay));
      assert.equal(outcomes.filter(({ kind }) => kind === 'replayed').length, 1);
      assert.equal(outcomes.filter(({ kind }) => kind === 'already_replayed').length, 19);
      assert.deepEqual(await replay(), refused);
      await leaseNext(store, 'billing', LATER);
      assert.deepEqual(await replay(), refused);
      assert.equal((await store.deliveriesOf(event.id)).length, 2);
    });

    test('another one is made when it is asked for, and the first one stays the one that supersedes', async (t) => {
      const { store } = await openFor(t, factory);
      const { event, deliveries } = await insertFor(store, ['billing']);
      const [id] = [deliveries[0]!.id];
      await work(store, 'billing', { kind: 'failed', error: 'no' });
      assert.equal((await store.replay(id, LATER, { again: true }, anAudit())).kind, 'replayed');
      assert.equal((await store.replay(id, LATER, { again: true }, anAudit())).kind, 'replayed');
      const all = await store.deliveriesOf(event.id);
      const second = deliveryIdOf(event.id, 2);
      assert.deepEqual(
        all.map(({ replayOf, replayedBy, sentAs }) => [replayOf, replayedBy, sentAs]),
        [[null, second, id], ...Array(2).fill([id, null, id])],
      );
    });

    test('a completed delivery is repeated when that is asked for', async (t) => {
      const { store } = await openFor(t, factory);
      const { deliveries } = await insertFor(store, ['billing']);
      await work(store, 'billing', { kind: 'completed' });
      assert.deepEqual(await store.replay(deliveries[0]!.id, LATER, { again: true }, anAudit()), {
        kind: 'completed',
      });
      const done = await store.replay(deliveries[0]!.id, LATER, { completed: true }, anAudit());
      assert.equal(done.kind, 'replayed');
    });

    test('replays of failed ones are sent as the first one was, until one is completed', async (t) => {
      const { store } = await openFor(t, factory);
      const { event } = await insertFor(store, ['billing', 'audit']);
      const id = (number: number) => deliveryIdOf(event.id, number);
      const run = async (kind: 'failed' | 'completed') => {
        const leased = await leaseNext(store, 'audit', LATER);
        await settleAs(store, leased, kind === 'failed' ? { kind, error: 'no' } : { kind }, LATER);
        const { deliveryId } = leased.lease;
        assert.equal(
          (await store.replay(deliveryId, LATER, { completed: true }, anAudit())).kind,
          'replayed',
        );
        return [deliveryId, leased.sentAs];
      };
      assert.deepEqual(await run('failed'), [id(2), id(2)]);
      assert.deepEqual(await run('failed'), [id(3), id(2)]);
      assert.deepEqual(await run('completed'), [id(4), id(2)]);
      assert.deepEqual(await run('failed'), [id(5), id(5)]);
      const [last] = (await store.claimByIds(claimByIdsOf([id(6)], LATER))).leased;
      assert.deepEqual([last!.lease.deliveryId, last!.sentAs], [id(6), id(5)]);
    });

    test('an event says what a redelivery by hand would replay', async (t) => {
      const { store } = await openFor(t, factory);
      const { event, deliveries } = await insertFor(store, ['billing', 'audit', 'crm']);
      const [billing, audit] = deliveries.map(({ id }) => id);
      await work(store, 'billing', { kind: 'failed', error: 'no' });
      await work(store, 'audit', { kind: 'failed', error: 'no' });
      assert.deepEqual((await store.eventById(event.id))?.givenUp, [billing, audit]);
      await store.replay(billing!, LATER, {}, anAudit());
      await work(store, 'billing', { kind: 'failed', error: 'no' }, LATER);
      assert.deepEqual((await store.eventById(event.id))?.givenUp, [audit]);
      const again = await store.insertEvent({ ...event, id: nextId(LATER) }, ['billing']);
      assert.deepEqual(again.kind === 'duplicate' && again.event.givenUp, [audit]);
    });

    test('an event goes by its successors: a replay that completes makes a failed event completed', async (t) => {
      const { store } = await openFor(t, factory);
      const { event, deliveries } = await insertFor(store, ['billing', 'audit']);
      await work(store, 'audit', { kind: 'completed' });
      await work(store, 'billing', { kind: 'failed', error: 'no' });
      assert.equal((await store.eventById(event.id))?.status, 'failed');
      await store.replay(deliveries[0]!.id, LATER, {}, anAudit());
      await work(store, 'billing', { kind: 'completed' }, LATER);
      assert.equal((await store.eventById(event.id))?.status, 'completed');
    });

    test('a delivery that is not there is unknown', async (t) => {
      const { store } = await openFor(t, factory);
      assert.deepEqual(await store.replay(nextId(T0), T0, {}, anAudit()), { kind: 'unknown' });
    });

    test('an open delivery is not replayed', async (t) => {
      const { store } = await openFor(t, factory);
      const { event, deliveries } = await insertFor(store, ['billing']);
      const replay = () => store.replay(deliveries[0]!.id, LATER, {}, anAudit());
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
      assert.deepEqual(await store.replay(deliveries[0]!.id, LATER, {}, anAudit()), {
        kind: 'full',
        bound: 'pending',
      });
      assert.deepEqual(await snapshotOf(store, [event, crowd.event]), before);

      await leaseNext(store, 'audit');
      assert.equal((await store.replay(deliveries[0]!.id, LATER, {}, anAudit())).kind, 'replayed');
    });
  });
}

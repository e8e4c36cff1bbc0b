import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { anEvent } from '../../../testkit/builders.ts';
import { started } from '../../domain/operation.ts';
import { insertFor, leaseNext, openFor, type StoreFactory, settleAs, T0, work } from './harness.ts';
import {
  changeTo,
  FAIL,
  insertFailed,
  insertMixed,
  planFor,
  runOn,
  stepAll,
  takeBackOn,
} from './operation-support.ts';
import { snapshotOf } from './snapshot.ts';

/** What taking back a bulk operation removes, and what it leaves. */
export function operationTakeBackConformance(factory: StoreFactory): void {
  describe('a take-back of an operation', () => {
    test('a take-back leaves everything as it was before, blocked keys and counters included', async (t) => {
      const { store } = await openFor(t, factory);
      const { events, failed } = await insertMixed(store);
      const before = await snapshotOf(store, events);
      const { operation } = await runOn(store, failed);
      assert.notDeepEqual(await snapshotOf(store, events), before);
      const { operation: ended, made } = await takeBackOn(store, operation);
      assert.deepEqual([ended.state, ended.takenBack], ['taken_back', { taken_back: failed.length }]);
      assert.deepEqual(made, []);
      assert.deepEqual(await snapshotOf(store, events), before);
      const again = await runOn(store, failed);
      assert.deepEqual(again.operation.outcomes, { replayed: failed.length });
    });

    test('what was tried stays, and is counted, also by a take-back of a take-back', async (t) => {
      const { store } = await openFor(t, factory);
      const targets = await insertFailed(store, 3);
      const { operation } = await runOn(store, targets);
      await work(store, 'billing', { kind: 'completed' }, T0 + 2);
      const released = await leaseNext(store, 'billing', T0 + 2);
      await settleAs(store, released, { kind: 'released', dueAtMs: T0 + 2 }, T0 + 3);
      const { operation: ended } = await takeBackOn(store, operation);
      assert.deepEqual(ended.takenBack, { taken_back: 1, tried: 2 });
      const { operation: twice } = await takeBackOn(store, ended);
      assert.deepEqual(twice.takenBack, { taken_back: 1, tried: 2 });
      assert.deepEqual(
        (await store.listDeadLetters(10, null)).deliveries.map(({ id }) => id),
        [targets[0]],
      );
    });

    test('a turn that a removed replay held goes to the next delivery of the key', async (t) => {
      const { store } = await openFor(t, factory);
      const first = anEvent();
      await store.insertEvent(first, [{ destination: 'd', orderKey: 'k' }]);
      await work(store, 'd', FAIL);
      const [failed] = await store.deliveriesOf(first.id);
      const { operation } = await runOn(store, [failed!.id]);
      const next = anEvent();
      await store.insertEvent(next, [{ destination: 'd', orderKey: 'k' }]);
      assert.equal((await store.deliveriesOf(next.id))[0]?.turn, 'waits');
      const { due } = await takeBackOn(store, operation);
      const [turned] = await store.deliveriesOf(next.id);
      assert.equal(turned?.turn, 'holds');
      assert.deepEqual(due, [{ id: turned!.id, destination: 'd' }]);
    });

    test('routed deliveries are removed too', async (t) => {
      const { store } = await openFor(t, factory);
      const { event } = await insertFor(store, ['a']);
      const plan = await planFor(store, [event.id], { kind: 'route', to: 'b' });
      const before = await snapshotOf(store, [event]);
      const lease = await changeTo(store, started(plan, 50, T0));
      const { operation } = await stepAll(store, lease, {}, () => ({ kind: 'route', addressees: ['b'] }));
      assert.equal((await store.deliveriesOf(event.id)).length, 2);
      await takeBackOn(store, operation);
      assert.deepEqual(await snapshotOf(store, [event]), before);
    });
  });
}

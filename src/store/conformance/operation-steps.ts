import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { anAudit, anEvent } from '../../../testkit/builders.ts';
import { started } from '../../domain/operation.ts';
import { insertFor, LEASE_MS, leaseNext, openFor, type StoreFactory, settleAs, T0, work } from './harness.ts';
import {
  BLOCK,
  changeTo,
  FAIL,
  insertFailed,
  insertMixed,
  planFor,
  runOn,
  stepAll,
  stepOf,
} from './operation-support.ts';
import { snapshotOf } from './snapshot.ts';

/** The steps of bulk operations: what each kind does to its targets. */
export function operationStepsConformance(factory: StoreFactory): void {
  describe('steps of operations', () => {
    replaysConformance(factory);
    otherKindsConformance(factory);
  });
}

async function openPair(t: TestContext, factory: StoreFactory) {
  return [(await openFor(t, factory)).store, (await openFor(t, factory)).store] as const;
}

function replaysConformance(factory: StoreFactory): void {
  test('a replay does to each target what a replay of it alone does, order keys and counters included', async (t) => {
    const [store, alone] = await openPair(t, factory);
    const mixed = await insertMixed(store);
    const due: string[] = [];
    const made: string[] = [];
    for (const event of mixed.events) {
      const [delivery] = await store.deliveriesOf(event.id);
      await alone.insertEvent(event, [{ destination: 'd', orderKey: delivery!.orderKey }]);
    }
    // The same history once more, delivery by delivery.
    for (const id of mixed.failed.toReversed()) {
      const { leased } = await alone.claimByIds({
        ...{ deliveryIds: [id], token: `alone-${id}`, nowMs: T0, leaseUntilMs: T0 + LEASE_MS },
      });
      await settleAs(alone, leased[0]!, leased[0]!.lease.orderKey === 'b' ? BLOCK : FAIL);
    }
    assert.deepEqual(await snapshotOf(alone, mixed.events), await snapshotOf(store, mixed.events));

    const outcome = await runOn(store, mixed.failed, {}, { limit: 4 });
    for (const id of mixed.failed.toReversed()) {
      const replayed = await alone.replay(id, T0 + 1, {}, anAudit());
      if (replayed.kind !== 'replayed') continue;
      made.push(replayed.delivery.id);
      if (replayed.delivery.turn !== 'waits') due.push(replayed.delivery.id);
    }
    assert.deepEqual(outcome.operation.outcomes, { replayed: mixed.failed.length });
    assert.deepEqual(await snapshotOf(store, mixed.events), await snapshotOf(alone, mixed.events));
    assert.deepEqual(outcome.due.map(({ id }) => id).toSorted(), due.toSorted());
    assert.deepEqual(outcome.made, made);
  });

  test('what was replayed meanwhile, is open, erased or gone is skipped and counted', async (t) => {
    const { store } = await openFor(t, factory);
    const [first, second, third] = await insertFailed(store, 3);
    const { deliveries } = await insertFor(store, ['billing']);
    await store.replay(first!, T0, {}, anAudit());
    await store.erase([`${second!.slice(0, -4)}0000`], T0, anAudit());
    const targets = [`${anEvent().id.slice(0, -4)}0001`, deliveries[0]!.id, first!, second!, third!];
    const { operation } = await runOn(store, targets);
    assert.deepEqual(operation.outcomes, { replayed: 1, erased_before: 1, superseded: 1, open: 1, gone: 1 });
    const again = await runOn(store, targets);
    assert.deepEqual(again.operation.outcomes, { superseded: 2, erased_before: 1, open: 1, gone: 1 });
  });

  test('two deliveries of one event get numbers of their own', async (t) => {
    const { store } = await openFor(t, factory);
    const { event, deliveries } = await insertFor(store, ['a', 'b']);
    for (const name of ['a', 'b']) await work(store, name, FAIL);
    await runOn(store, deliveries.map(({ id }) => id).toReversed());
    const all = await store.deliveriesOf(event.id);
    assert.deepEqual(
      all.slice(2).map(({ destination, replayOf }) => [destination, replayOf]),
      deliveries.map(({ id, destination }) => [destination, id]),
    );
  });

  test('a step that would exceed the limit does nothing', async (t) => {
    const { store } = await openFor(t, factory, { maxPendingDeliveries: 3 });
    const targets = await insertFailed(store, 4);
    const lease = await changeTo(store, started(await planFor(store, targets), 50, T0));
    assert.deepEqual(await store.stepOperation(lease, stepOf()), { kind: 'full' });
    assert.equal((await store.readOperation(lease.operationId))?.left, 4);
    assert.equal((await store.stepOperation(lease, stepOf({ limit: 3 }))).kind, 'stepped');
    assert.deepEqual(await store.stepOperation(lease, stepOf({ limit: 1 })), { kind: 'full' });
  });
}

function otherKindsConformance(factory: StoreFactory): void {
  test('a route gives each event one delivery for its destination, in the order of its key', async (t) => {
    const { store } = await openFor(t, factory);
    const { event: with_ } = await insertFor(store, ['new']);
    const { event: erased } = await insertFor(store, []);
    await store.erase([erased.id], T0, anAudit());
    const events = [1, 2, 3].map(() => anEvent());
    for (const event of events) await store.insertEvent(event, []);
    const targets = [with_.id, erased.id, ...events.map(({ id }) => id).toReversed()];
    const plan = await planFor(store, targets, { kind: 'route', to: 'new' });
    const lease = await changeTo(store, started(plan, 50, T0));
    const { operation, due } = await stepAll(store, lease, {}, (_operation, some) => ({
      kind: 'route',
      addressees: some.map((id) => (id === events[2]!.id ? 'new' : { destination: 'new', orderKey: 'k' })),
    }));
    assert.deepEqual(operation.outcomes, { routed: 3, erased_before: 1, routed_before: 1 });
    const made = await Promise.all(events.map(({ id }) => store.deliveriesOf(id)));
    assert.deepEqual(
      made.map(([delivery]) => [delivery!.turn, delivery!.status, delivery!.sentAs === delivery!.id]),
      [
        ['holds', 'pending', true],
        ['waits', 'pending', true],
        [null, 'pending', true],
      ],
    );
    assert.deepEqual(
      due.map(({ id }) => id),
      [made[0]![0]!.id, made[2]![0]!.id],
    );
    assert.equal((await store.stats()).order.find(({ destination }) => destination === 'new')?.waiting, 1);
  });

  test('a give-up ends what is pending, as failed, and passes its turn', async (t) => {
    const { store } = await openFor(t, factory);
    const events = [1, 2].map(() => anEvent());
    for (const event of events) await store.insertEvent(event, [{ destination: 'd', orderKey: 'k' }, 'e']);
    const [first] = await store.deliveriesOf(events[0]!.id);
    const running = await leaseNext(store, 'e');
    const done = (await store.deliveriesOf(events[1]!.id)).find(({ destination }) => destination === 'e')!;
    await work(store, 'e', { kind: 'completed' });
    await store.holdPending('d', { fromMs: 0, untilMs: T0 }, T0, 10, null);
    const targets = [done.id, running.lease.deliveryId, first!.id];
    const { operation, due } = await runOn(store, targets, { kind: 'give-up' });
    assert.deepEqual(operation.outcomes, { given_up: 1, open: 1, ended: 1 });
    const [second] = await store.deliveriesOf(events[1]!.id);
    assert.deepEqual([second!.turn, due], ['holds', [{ id: second!.id, destination: 'd' }]]);
    const [given] = (await store.listDeadLetters(10, null)).deliveries;
    assert.deepEqual([given?.id, given?.attempts, given?.turn], [first!.id, 0, null]);
    const stats = await store.stats();
    const counts = stats.counts.filter(({ destination }) => destination === 'd');
    assert.deepEqual(counts.map(({ status, count }) => `${status} ${count}`).toSorted(), [
      'failed 1',
      'pending 1',
    ]);
    assert.deepEqual([stats.held, stats.order], [[], []]);
  });

  test('a release lets the deliveries behind blocked keys go on', async (t) => {
    const { store } = await openFor(t, factory);
    const events = [1, 2].map(() => anEvent());
    for (const event of events) await store.insertEvent(event, [{ destination: 'd', orderKey: 'k' }]);
    await work(store, 'd', BLOCK);
    const ids = (await Promise.all(events.map(({ id }) => store.deliveriesOf(id)))).map(([one]) => one!.id);
    const { operation, due } = await runOn(store, ids.toReversed(), { kind: 'release' });
    assert.deepEqual(operation.outcomes, { released: 1, not_blocked: 1 });
    assert.deepEqual(due, [{ id: ids[1], destination: 'd' }]);
    assert.deepEqual((await store.listBlocked(10, null, null)).keys, []);
    assert.deepEqual((await store.stats()).order, []);
  });

  test('an erase leaves nothing of the events, has a row for each, and forgets its filter at its end', async (t) => {
    const { store } = await openFor(t, factory);
    const { event: open } = await insertFor(store, ['a']);
    const { event } = await insertFor(store, []);
    const { operation } = await runOn(store, [event.id, open.id, anEvent().id], {
      kind: 'erase',
      filter: 'key:ada',
    });
    assert.deepEqual(operation.outcomes, { erased: 1, open: 1, gone: 1 });
    assert.equal(await store.readEvent(event.id), null);
    assert.equal((await store.readOperation(operation.id))?.filter, '');
    const rows = await store.auditOf([event.id], 10);
    assert.deepEqual(
      rows.map(({ action, actor }) => [action, actor]),
      [['event.erase', 'system']],
    );
  });

  test('what the caller has done is counted', async (t) => {
    const { store } = await openFor(t, factory);
    const plan = await planFor(store, [anEvent().id, anEvent().id], { kind: 'reverify' });
    const lease = await changeTo(store, started(plan, 50, T0));
    const { operation } = await stepAll(store, lease, {}, () => ({
      kind: 'done',
      outcomes: ['accepted', 'rejected'],
    }));
    assert.deepEqual(operation.outcomes, { accepted: 1, rejected: 1 });
  });
}

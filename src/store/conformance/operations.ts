import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { anAudit, anEvent, anOperation } from '../../../testkit/builders.ts';
import { type BulkOperation, cancelled, PLAN_VALID_MS, started } from '../../domain/operation.ts';
import type { Store } from '../store.ts';
import { insertFor, LEASE_MS, leaseNext, openFor, type StoreFactory, settleAs, T0, work } from './harness.ts';
import { changeTo, leaseOf, planFor, runOn, stepAll, stepOf, takeBackOn } from './operation-support.ts';
import { snapshotOf } from './snapshot.ts';

const FAIL = { kind: 'failed', error: 'no' } as const;
const BLOCK = { kind: 'failed', error: 'no', blocksKey: true } as const;

/** Bulk operations: what is kept of them, who works on them, and what a step does. */
export function operationsConformance(factory: StoreFactory, isDurable: boolean): void {
  describe('operations', () => {
    leasesConformance(factory);
    stepsConformance(factory, isDurable);
    replaysConformance(factory);
    takeBackConformance(factory);
    otherKindsConformance(factory);
  });
}

/** Inserts events and lets their deliveries end as failed. @returns the deliveries' ids, newest first */
async function insertFailed(store: Store, count: number, destination = 'billing'): Promise<string[]> {
  const ids: string[] = [];
  for (let at = 0; at < count; at++) {
    const { deliveries } = await insertFor(store, [destination]);
    ids.unshift(deliveries[0]!.id);
    await work(store, destination, FAIL);
  }
  return ids;
}

function leasesConformance(factory: StoreFactory): void {
  test('are listed newest first, in pages, and read as they were created', async (t) => {
    const { store } = await openFor(t, factory);
    const all = [1, 2, 3].map((n) => anOperation({ createdAtMs: T0 + n }));
    for (const operation of all) await store.createOperation(operation, anAudit());
    assert.deepEqual(await store.readOperation(all[1]!.id), all[1]);
    assert.equal(await store.readOperation(anEvent().id), null);
    const first = await store.listOperations(2, null);
    assert.deepEqual(first, { operations: [all[2], all[1]], next: all[1]!.id });
    assert.deepEqual(await store.listOperations(2, first.next), { operations: [all[0]], next: null });
  });

  test('one process works on an operation; a lease that is over goes to another', async (t) => {
    const { store } = await openFor(t, factory);
    const [older, newer] = [1, 2].map((n) => anOperation({ createdAtMs: T0 + n }));
    for (const operation of [newer!, older!]) await store.createOperation(operation, anAudit());
    const claim = (token: string, overMs: number, except: readonly string[] = []) =>
      store.claimOperation({ token, overMs, leaseUntilMs: overMs + LEASE_MS, except });
    assert.equal((await claim('a', T0))?.id, older!.id);
    assert.equal((await claim('b', T0))?.id, newer!.id);
    assert.equal(await claim('c', T0 + LEASE_MS - 1), null);
    assert.equal(await claim('d', T0 + LEASE_MS, [older!.id, newer!.id]), null);
    assert.equal((await claim('e', T0 + LEASE_MS))?.id, older!.id);
    const [lost, held] = [
      { operationId: older!.id, token: 'a' },
      { operationId: older!.id, token: 'e' },
    ];
    assert.equal(await store.extendOperation(lost, T0), 'lost');
    assert.equal(await store.addTargets(lost, [anEvent().id], older!, T0), 'lost');
    assert.deepEqual(await store.stepOperation(lost, stepOf()), { kind: 'lost' });
    assert.deepEqual(await store.nextTargets({ ...older!, count: 1, left: 1 }, 200), []);
    assert.equal(await store.extendOperation(held, 0), 'extended');
    assert.equal((await claim('f', T0))?.id, older!.id);
  });

  test('a change by an operator names the version that it saw, writes its row, and ends the lease', async (t) => {
    const { store } = await openFor(t, factory);
    const plan = await planFor(store, []);
    const lease = await changeTo(store, started(plan, 50, T0));
    const running = (await store.readOperation(plan.id))!;
    const rows = async () => (await store.readAudit(0, 100)).map(({ action }) => action);
    assert.deepEqual(await rows(), ['operation.plan', 'operation.run']);
    const entry = anAudit({ action: 'operation.cancel' });
    assert.equal(await store.changeOperation(cancelled(plan, T0), entry), 'outdated');
    assert.equal(await store.changeOperation(cancelled(running, T0), entry), 'changed');
    assert.deepEqual(await store.stepOperation(lease, stepOf()), { kind: 'lost' });
    assert.equal(
      await store.claimOperation({ token: 'x', overMs: T0 * 2, leaseUntilMs: T0, except: [] }),
      null,
    );
    assert.deepEqual(await rows(), ['operation.plan', 'operation.run', 'operation.cancel']);
  });

  test('are deleted once they are over for long enough; a plan is over when nobody may run it', async (t) => {
    const { store } = await openFor(t, factory);
    const plan = await planFor(store, await insertFailed(store, 1));
    const { operation } = await runOn(store, []);
    const running = await planFor(store, []);
    await changeTo(store, started(running, 50, T0));
    assert.equal(await store.purgeOperations(T0 + 1, 10), 0);
    assert.equal(await store.purgeOperations(T0 + 2, 10), 1);
    assert.equal(await store.readOperation(operation.id), null);
    assert.equal(await store.purgeOperations(T0 + PLAN_VALID_MS, 10), 0);
    assert.equal(await store.purgeOperations(T0 + PLAN_VALID_MS + 1, 10), 1);
    assert.deepEqual(await store.nextTargets(plan, 10), []);
    assert.equal((await store.readOperation(running.id))?.state, 'running');
  });
}

function stepsConformance(factory: StoreFactory, isDurable: boolean): void {
  test('targets are added in any portions, and gone through from the oldest on', async (t) => {
    const { store } = await openFor(t, factory);
    const targets = Array.from({ length: 507 }, () => anEvent().id).reverse();
    const operation = anOperation();
    await store.createOperation(operation, anAudit());
    const lease = await leaseOf(store, operation.id);
    let next: BulkOperation = operation;
    for (let at = 0; at < targets.length; at += 130) {
      const some = targets.slice(at, at + 130);
      next = { ...next, version: next.version + 1, count: at + some.length, left: at + some.length };
      assert.equal(await store.addTargets(lease, some, next, T0 + LEASE_MS), 'added');
    }
    const gone: string[] = [];
    const { operation: ended } = await stepAll(store, lease, { limit: 150 }, ({ state }, some) => {
      assert.equal(state, 'counting');
      gone.push(...some);
      return { kind: 'done', outcomes: some.map(() => 'gone') };
    });
    assert.deepEqual(gone, targets.toReversed());
    assert.deepEqual([ended.state, ended.left, ended.outcomes], ['completed', 0, { gone: 507 }]);
  });

  test('the end has a row with kind, digest and counts, and without the filter', async (t) => {
    const { store } = await openFor(t, factory);
    const targets = await insertFailed(store, 2);
    const { operation } = await runOn(store, targets, { filter: 'key:secret', digest: 'abc' });
    const row = (await store.readAudit(0, 100)).at(-1)!;
    assert.deepEqual([row.action, row.target, row.actor], ['operation.end', operation.id, 'system']);
    assert.deepEqual(JSON.parse(row.after_json!), {
      ...{ kind: 'replay', filter_sha256: 'abc', state: 'completed', count: 2, replayed: 2 },
    });
    assert.doesNotMatch(JSON.stringify(await store.readAudit(0, 100)), /secret/);
  });

  if (!isDurable) return;
  test('a step and its place survive a reopen, and the operation goes on there', async (t) => {
    const { store, reopen } = await openFor(t, factory);
    const targets = await insertFailed(store, 5);
    const lease = await changeTo(store, started(await planFor(store, targets), 50, T0));
    await store.stepOperation(lease, stepOf({ limit: 2 }));
    const reopened = await reopen!();
    const kept = (await reopened.readOperation(lease.operationId))!;
    assert.deepEqual([kept.left, kept.outcomes], [3, { replayed: 2 }]);
    assert.deepEqual(await reopened.nextTargets(kept, 200), targets.slice(0, 3).toReversed());
    const { operation } = await stepAll(reopened, lease);
    assert.deepEqual(operation.outcomes, { replayed: 5 });
    assert.equal((await reopened.stats()).counts.find(({ status }) => status === 'pending')?.count, 5);
  });
}

/** Deliveries that failed, of keys that they block and of others, and some without a key. */
async function insertMixed(store: Store) {
  const events = [];
  const failed: string[] = [];
  for (const [at, orderKey] of ['a', null, 'b', 'a', 'b', 'c', null, 'c', 'a'].entries()) {
    const event = anEvent({ id: anEvent({ receivedAtMs: T0 }).id });
    await store.insertEvent(event, [{ destination: 'd', orderKey }]);
    events.push(event);
    if (at === 2 || at === 8) continue;
    for (;;) {
      const { leased } = await store.claim({
        ...{ limits: [{ destination: 'd', limit: 1 }], token: `mixed-${event.id}` },
        ...{ nowMs: T0, leaseUntilMs: T0 + LEASE_MS },
      });
      if (leased.length === 0) break;
      // Of b the first one blocks its key; a and c go on.
      const settlement = leased[0]!.lease.orderKey === 'b' ? BLOCK : FAIL;
      await settleAs(store, leased[0]!, settlement);
      failed.unshift(leased[0]!.lease.deliveryId);
    }
  }
  return { events, failed };
}

async function openPair(t: TestContext, factory: StoreFactory) {
  return [(await openFor(t, factory)).store, (await openFor(t, factory)).store] as const;
}

function replaysConformance(factory: StoreFactory): void {
  test('a replay does to each target what a replay of it alone does, order keys and counters included', async (t) => {
    const [store, alone] = await openPair(t, factory);
    const mixed = await insertMixed(store);
    const due: string[] = [];
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
      if (replayed.kind === 'replayed' && replayed.delivery.turn !== 'waits') due.push(replayed.delivery.id);
    }
    assert.deepEqual(outcome.operation.outcomes, { replayed: mixed.failed.length });
    assert.deepEqual(await snapshotOf(store, mixed.events), await snapshotOf(alone, mixed.events));
    assert.deepEqual(outcome.due.map(({ id }) => id).toSorted(), due.toSorted());
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

function takeBackConformance(factory: StoreFactory): void {
  test('a take-back leaves everything as it was before, blocked keys and counters included', async (t) => {
    const { store } = await openFor(t, factory);
    const { events, failed } = await insertMixed(store);
    const before = await snapshotOf(store, events);
    const { operation } = await runOn(store, failed);
    assert.notDeepEqual(await snapshotOf(store, events), before);
    const { operation: ended } = await takeBackOn(store, operation);
    assert.deepEqual([ended.state, ended.takenBack], ['taken_back', { taken_back: failed.length }]);
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

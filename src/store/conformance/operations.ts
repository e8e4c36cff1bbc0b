import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { anAudit, anEvent, anOperation } from '../../../testkit/builders.ts';
import { type BulkOperation, cancelled, PLAN_VALID_MS, started } from '../../domain/operation.ts';
import { LEASE_MS, openFor, type StoreFactory, T0 } from './harness.ts';
import { changeTo, insertFailed, leaseOf, planFor, runOn, stepAll, stepOf } from './operation-support.ts';

/** Bulk operations: what is kept of them and of their targets, and who works on them. */
export function operationsConformance(factory: StoreFactory, isDurable: boolean): void {
  describe('operations', () => {
    leasesConformance(factory);
    targetsConformance(factory, isDurable);
  });
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

function targetsConformance(factory: StoreFactory, isDurable: boolean): void {
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

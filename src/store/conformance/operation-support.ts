import assert from 'node:assert/strict';
import { anAudit, anEvent, anOperation } from '../../../testkit/builders.ts';
import { SYSTEM } from '../../domain/audit.ts';
import {
  type BulkOperation,
  counted,
  isActive,
  started,
  takingBack,
  withTargets,
} from '../../domain/operation.ts';
import type { OperationLease, OperationStep, StepOutcome, StepWork, Store } from '../store.ts';
import { insertFor, LEASE_MS, settleAs, T0, work } from './harness.ts';

let tokens = 0;

/** Takes the lease on the operation, which must be free. */
export async function leaseOf(store: Store, operationId: string): Promise<OperationLease> {
  const token = `operation-${++tokens}`;
  const others = (await store.listOperations(500, null)).operations.map(({ id }) => id);
  const except = others.filter((id) => id !== operationId);
  const claimed = await store.claimOperation({ token, overMs: T0, leaseUntilMs: T0 + LEASE_MS, except });
  assert.equal(claimed?.id, operationId, 'the operation is not free');
  return { operationId, token };
}

/** Creates an operation with these targets, newest first, and counts it. */
export async function planFor(
  store: Store,
  targets: readonly string[],
  overrides: Partial<BulkOperation> = {},
): Promise<BulkOperation> {
  const operation = anOperation(overrides);
  await store.createOperation(operation, anAudit({ action: 'operation.plan', target: operation.id }));
  const lease = await leaseOf(store, operation.id);
  const next = counted(withTargets(operation, { ...operation, targets: targets.length }), T0);
  assert.equal(await store.addTargets(lease, targets, next, T0 + LEASE_MS), 'added');
  return next;
}

/** Runs a plan, or takes it back: to the next state of an operator. */
export async function changeTo(store: Store, next: BulkOperation): Promise<OperationLease> {
  assert.equal(await store.changeOperation(next, anAudit({ action: 'operation.run' })), 'changed');
  return leaseOf(store, next.id);
}

export function stepOf(overrides: Partial<OperationStep> = {}): OperationStep {
  return {
    work: { kind: 'own' },
    limit: 200,
    nowMs: T0 + 1,
    leaseUntilMs: T0 + LEASE_MS,
    audit: { actor: SYSTEM },
    ...overrides,
  };
}

type Stepped = Extract<StepOutcome, { kind: 'stepped' }>;

/** Steps until the operation is over. @returns it, and the deliveries that became due and that were made */
export async function stepAll(
  store: Store,
  lease: OperationLease,
  overrides: Partial<OperationStep> = {},
  workFor: ((operation: BulkOperation, targets: readonly string[]) => StepWork) | null = null,
): Promise<Stepped> {
  const due: Stepped['due'][number][] = [];
  const made: string[] = [];
  for (;;) {
    const operation = (await store.readOperation(lease.operationId))!;
    const targets = await store.nextTargets(operation, overrides.limit ?? 200);
    const work: StepWork = workFor === null ? { kind: 'own' } : workFor(operation, targets);
    const outcome = await store.stepOperation(lease, stepOf({ ...overrides, work }));
    assert.equal(outcome.kind, 'stepped');
    if (outcome.kind !== 'stepped') continue;
    due.push(...outcome.due);
    made.push(...outcome.made);
    if (!isActive(outcome.operation)) return { ...outcome, due, made };
  }
}

/** Plans and runs. */
export async function runOn(
  store: Store,
  targets: readonly string[],
  overrides: Partial<BulkOperation> = {},
  step: Partial<OperationStep> = {},
): Promise<Stepped> {
  const plan = await planFor(store, targets, overrides);
  return stepAll(store, await changeTo(store, started(plan, 50, T0)), step);
}

export async function takeBackOn(store: Store, operation: BulkOperation): Promise<Stepped> {
  return stepAll(store, await changeTo(store, takingBack(operation)));
}

export const FAIL = { kind: 'failed', error: 'no' } as const;
export const BLOCK = { kind: 'failed', error: 'no', blocksKey: true } as const;

/** Inserts events and lets their deliveries end as failed. @returns the deliveries' ids, newest first */
export async function insertFailed(store: Store, count: number, destination = 'billing'): Promise<string[]> {
  const ids: string[] = [];
  for (let at = 0; at < count; at++) {
    const { deliveries } = await insertFor(store, [destination]);
    ids.unshift(deliveries[0]!.id);
    await work(store, destination, FAIL);
  }
  return ids;
}

/** Deliveries that failed, of keys that they block and of others, and some without a key. */
export async function insertMixed(store: Store) {
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

import { type BulkOperation, isActive, operationEntry, stepped } from '../../domain/operation.ts';
import { destinationOf } from '../../domain/order.ts';
import type { Bound, OperationLease, OperationStep, StepOutcome } from '../store.ts';
import { ERASED_AS, eraseEntry } from '../target-outcomes.ts';
import {
  madeBy,
  nextPart,
  type Results,
  resultsOf,
  stepThrough,
  targetsOf,
  without,
} from '../target-slices.ts';
import { appendAudit } from './audit.ts';
import type { Backlogs } from './backlog.ts';
import type { Database, Query } from './database.ts';
import { emptyEvents, hideNamesOf } from './erase.ts';
import type { Erasure } from './erasure.ts';
import type { Timed } from './lane.ts';
import type { LimitGate } from './limit-gate.ts';
import {
  columnsOf,
  LOCK_LEASED,
  READ_OPERATION,
  READ_SLICE,
  readContent,
  WRITE_OPERATION,
  WRITE_RESULTS,
} from './operation-rows.ts';
import { createStepChanges, keysOf, type StepChanges } from './step-changes.ts';
import type { Walks } from './walks.ts';
import { workOn } from './work-on.ts';
import { COUNT_HELD, COUNT_PENDING, COUNT_TARGETS_OF } from './work-statements.ts';

export type StepContext = Readonly<{
  background: Database;
  backlogs: Backlogs;
  gates: Readonly<Record<Bound, LimitGate>>;
  timed: Timed;
  due: Walks;
  erasure: Erasure;
}>;

/** @see OperationStore.stepOperation */
export async function stepOperation(
  context: StepContext,
  lease: OperationLease,
  asked: OperationStep,
): Promise<StepOutcome> {
  const { background, backlogs, gates, timed, due } = context;
  // What an erase hides it hides before: see erase.ts.
  await hideTargets(context, lease, asked);
  const changes = createStepChanges();
  const run = () =>
    timed(1, () => background.transaction((query) => stepWithin(query, context, lease, asked, changes)));
  const send = () => gates.pending(asked.limit, () => due.whileWriting(asked.nowMs, run));
  const { closed = [] } = asked;
  const outcome = await (closed.length === 0 ? send() : gates.held(asked.limit, send));
  if (outcome.kind !== 'stepped') return outcome;
  backlogs.pending.changed(changes.unheld());
  backlogs.held.changed(changes.held());
  if (Number.isFinite(changes.firstDueMs())) due.lower(changes.firstDueMs());
  return outcome;
}

async function hideTargets(
  context: StepContext,
  { operationId }: OperationLease,
  { limit }: OperationStep,
): Promise<void> {
  const { query } = context.background;
  const [row] = await query(READ_OPERATION, [operationId]);
  if (row === undefined) return;
  const operation = readContent(row);
  const part = nextPart(operation, limit);
  if (operation.kind !== 'erase' || part === null) return;
  const [slice] = await query(READ_SLICE, [operationId, part.slice]);
  if (slice !== undefined) await hideNamesOf(context, targetsOf(slice, part, operation));
}

/** In a transaction, since what its statements see must be later than its locks. */
async function stepWithin(
  query: Query,
  context: StepContext,
  lease: OperationLease,
  asked: OperationStep,
  changes: StepChanges,
): Promise<StepOutcome> {
  const [row] = await query(LOCK_LEASED, [lease.operationId, lease.token]);
  if (row === undefined) return { kind: 'lost' };
  const operation = readContent(row);
  const part = nextPart(operation, asked.limit);
  const [slice] = part === null ? [] : await query(READ_SLICE, [operation.id, part.slice]);
  let next = stepped(operation, [], 0, asked.nowMs);
  let made: readonly string[] = [];
  if (part !== null && slice !== undefined) {
    const targets = targetsOf(slice, part, operation);
    if (await isFull(query, context, operation, targets, asked)) return { kind: 'full' };
    const before = resultsOf(slice, part, operation);
    const results =
      operation.kind === 'erase'
        ? await eraseWithin(query, context, targets, asked, changes)
        : await workOn(query, operation, targets, before, asked, changes);
    const through = stepThrough(operation, slice, part, results, asked.nowMs);
    await changes.write(query);
    await query(WRITE_RESULTS, [operation.id, part.slice, Buffer.from(through.results)]);
    ({ next } = through);
    made = madeBy(operation, targets, results);
  }
  await query(WRITE_OPERATION, columnsOf(next, lease, asked.leaseUntilMs));
  if (!isActive(next)) {
    await appendAudit(query, operationEntry('operation.end', next, asked.audit.actor, asked.nowMs));
  }
  return { kind: 'stepped', operation: next, due: changes.due(), made };
}

/** Whether the deliveries that the step makes would exceed the limit. */
async function isFull(
  query: Query,
  { backlogs }: StepContext,
  { kind, state }: BulkOperation,
  targets: readonly string[],
  step: OperationStep,
): Promise<boolean> {
  if (state === 'taking_back' || (kind !== 'replay' && kind !== 'route')) return false;
  const held = await countClosed(query, targets, step);
  if (held > 0) {
    const [counted] = await query(COUNT_HELD);
    if (counted!.held + held > backlogs.held.limit) return true;
  }
  if (held === targets.length) return false;
  const [counted] = await query(COUNT_PENDING);
  return counted!.pending + targets.length - held > backlogs.pending.limit;
}

/** How many of the targets get deliveries for destinations that are closed. */
async function countClosed(
  query: Query,
  targets: readonly string[],
  { work, closed = [] }: OperationStep,
): Promise<number> {
  if (closed.length === 0) return 0;
  if (work.kind === 'route') {
    return work.addressees.filter((each) => closed.includes(destinationOf(each))).length;
  }
  const [counted] = await query(COUNT_TARGETS_OF, [...keysOf(targets), closed]);
  return counted!.count;
}

async function eraseWithin(
  query: Query,
  context: StepContext,
  targets: readonly string[],
  { nowMs, audit }: OperationStep,
  changes: StepChanges,
): Promise<Results> {
  const { states, due } = await emptyEvents(query, context, targets, nowMs, eraseEntry(audit.actor, nowMs));
  for (const { id, destination } of due) changes.addDue(id, destination, nowMs);
  return states.map((state) => without(ERASED_AS[state]));
}

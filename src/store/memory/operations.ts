import { type BulkOperation, isActive, operationEntry, overAtMs, stepped } from '../../domain/operation.ts';
import type { Verbs } from '../forward.ts';
import type {
  OperationClaim,
  OperationLease,
  OperationPage,
  OperationStep,
  OperationStore,
  StepOutcome,
} from '../store.ts';
import { TARGETS_A_SLICE } from '../store.ts';
import { firstOf, madeBy, nextPart, type SlicePart } from '../target-slices.ts';
import { appendAudit } from './audit.ts';
import type { State, StoredOperation } from './state.ts';
import { workOn } from './work-on.ts';

/** The operation if the lease is in force. */
function leasedOf(state: State, { operationId, token }: OperationLease): StoredOperation | null {
  const stored = state.operations.get(operationId);
  return stored !== undefined && stored.lease?.token === token ? stored : null;
}

function listOperations(state: State, limit: number, before: string | null): OperationPage {
  const found = [...state.operations.values()]
    .map(({ operation }) => operation)
    .filter(({ id }) => before === null || id < before)
    .sort((a, b) => (a.id < b.id ? 1 : -1));
  const operations = found.slice(0, limit);
  return { operations, next: found.length > limit ? operations.at(-1)!.id : null };
}

function claimOperation(state: State, claim: OperationClaim): BulkOperation | null {
  const { token, overMs, leaseUntilMs, except } = claim;
  const free = [...state.operations.values()]
    .filter(({ operation }) => isActive(operation) && !except.includes(operation.id))
    .filter(({ lease }) => lease === null || lease.untilMs <= overMs)
    .sort((a, b) => (a.operation.id < b.operation.id ? -1 : 1))[0];
  if (free === undefined) return null;
  state.operations.set(free.operation.id, { ...free, lease: { token, untilMs: leaseUntilMs } });
  return free.operation;
}

/** Places of a part in the list of targets, in the order of the step. */
function placesOf({ slice, from, count }: SlicePart, { state }: BulkOperation): number[] {
  const places = Array.from({ length: count }, (_, at) => slice * TARGETS_A_SLICE + from + at);
  return state === 'taking_back' ? places : places.reverse();
}

function nextTargets(state: State, operation: BulkOperation, limit: number): readonly string[] {
  const part = nextPart(operation, limit);
  const { targets = [] } = state.operations.get(operation.id) ?? {};
  return part === null ? [] : placesOf(part, operation).flatMap((place) => targets[place] ?? []);
}

function stepOperation(state: State, lease: OperationLease, step: OperationStep): StepOutcome {
  const stored = leasedOf(state, lease);
  if (stored === null) return { kind: 'lost' };
  const { operation, targets } = stored;
  const part = nextPart(operation, step.limit) ?? { slice: 0, from: 0, count: 0 };
  const places = placesOf(part, operation);
  const asked = places.map((place) => targets[place]!);
  const worked = workOn(
    state,
    operation,
    asked,
    places.map((place) => stored.results[place] ?? null),
    step,
  );
  if (worked === 'full') return { kind: 'full' };
  const done = placesOf(firstOf(part, operation, worked.results.length), operation);
  const results = [...stored.results];
  worked.results.forEach((result, at) => {
    if (result !== null) results[done[at]!] = result;
  });
  const outcomes = worked.results.flatMap((result) => result?.outcome ?? []);
  const next = stepped(operation, outcomes, worked.results.length, step.nowMs);
  const held = isActive(next) ? { token: lease.token, untilMs: step.leaseUntilMs } : null;
  state.operations.set(next.id, { operation: next, lease: held, targets, results });
  if (!isActive(next))
    appendAudit(state, operationEntry('operation.end', next, step.audit.actor, step.nowMs));
  return {
    kind: 'stepped',
    operation: next,
    due: worked.due,
    made: madeBy(operation, asked, worked.results),
  };
}

/** @see OperationStore */
export const operationVerbs: Verbs<State, keyof OperationStore> = {
  createOperation(state, operation, audit) {
    state.operations.set(operation.id, { operation, lease: null, targets: [], results: [] });
    appendAudit(state, audit);
  },
  readOperation: (state, id) => state.operations.get(id)?.operation ?? null,
  listOperations,
  changeOperation(state, next, audit) {
    const stored = state.operations.get(next.id);
    if (stored?.operation.version !== next.version - 1) return 'outdated';
    state.operations.set(next.id, { ...stored, operation: next, lease: null });
    appendAudit(state, audit);
    return 'changed';
  },
  claimOperation,
  extendOperation(state, lease, untilMs) {
    const stored = leasedOf(state, lease);
    if (stored === null) return 'lost';
    state.operations.set(lease.operationId, { ...stored, lease: { token: lease.token, untilMs } });
    return 'extended';
  },
  addTargets(state, lease, targets, next, untilMs) {
    const stored = leasedOf(state, lease);
    if (stored === null) return 'lost';
    const held = isActive(next) ? { token: lease.token, untilMs } : null;
    const results = [...stored.results, ...targets.map(() => null)];
    state.operations.set(next.id, {
      operation: next,
      lease: held,
      targets: [...stored.targets, ...targets],
      results,
    });
    return 'added';
  },
  nextTargets,
  stepOperation,
  purgeOperations(state, beforeMs, limit) {
    const over = [...state.operations.values()]
      .filter(({ operation }) => (overAtMs(operation) ?? Number.POSITIVE_INFINITY) < beforeMs)
      .slice(0, limit);
    for (const { operation } of over) state.operations.delete(operation.id);
    return over.length;
  },
};

import type { Actor, AuditAction, AuditDetail, AuditEntry } from './audit.ts';

/** What a bulk operation does to each of its targets. */
export const OPERATION_KINDS = ['replay', 'route', 'give-up', 'reverify', 'release', 'erase'] as const;
export type OperationKind = (typeof OPERATION_KINDS)[number];

/**
 * `counting`: its targets are being found; `planned`: it may be run for a while; `taking_back`: its replays are being removed,
 * as far as they were never tried; `failed`: its targets could not be found.
 */
export const OPERATION_STATES = [
  'counting',
  'planned',
  'running',
  'completed',
  'cancelled',
  'taking_back',
  'taken_back',
  'failed',
] as const;
export type OperationState = (typeof OPERATION_STATES)[number];

/** What became of a target, or why nothing was done to it. Their places are stored: new ones come last. */
export const TARGET_OUTCOMES = [
  'replayed',
  'routed',
  'given_up',
  'released',
  'erased',
  'accepted',
  'duplicate',
  'handshake',
  // From here on nothing was done.
  'superseded',
  'routed_before',
  'erased_before',
  'completed',
  'open',
  'ended',
  'not_blocked',
  'rejected',
  'gone',
  // What a take-back found.
  'taken_back',
  'tried',
  // Nothing was done either.
  'keys_unavailable',
  'sent_as_test',
] as const;
export type TargetOutcome = (typeof TARGET_OUTCOMES)[number];

const DONE: ReadonlySet<string> = new Set(TARGET_OUTCOMES.slice(0, TARGET_OUTCOMES.indexOf('superseded')));

/** How many there are, by name. */
export type Counts = Readonly<Record<string, number>>;

/** One of the newest targets, as a plan shows it. */
export type OperationSample = Readonly<{
  /** Of a delivery, an event or a rejected request. */
  id: string;
  source: string | null;
  eventType: string | null;
  destination: string | null;
}>;

/** How long a plan may be run once it is counted. */
export const PLAN_VALID_MS = 15 * 60_000;
/** Targets of a plan that are shown. */
export const SAMPLE_MAX = 5;

/** Targets a second. */
export const OPERATION_RATE = { least: 1, most: 1_000, usual: 50 };

/**
 * A bulk operation: what it is about, how far it has come, and what it came to. Its targets are found once, newest first, by
 * its plan; it goes through them from the oldest on. Its id is a UUIDv7 of the plan's time: what is received later has a greater
 * one, and is none of its targets.
 */
export type BulkOperation = Readonly<{
  id: string;
  /** Grows with each change. */
  version: number;
  kind: OperationKind;
  state: OperationState;
  /** The filter's text, its times resolved; empty once an erase is completed. */
  filter: string;
  /** SHA-256 of the filter's text, in hex. */
  digest: string;
  /** Where a `route` leads. */
  to: string | null;
  /** Targets a second. */
  rate: number;
  by: Actor;
  createdAtMs: number;
  /** How far the search for targets has come. */
  search: Readonly<{ cursor: string | null; scanned: number; searchedToMs: number | null }>;
  countedAtMs: number | null;
  /** Targets that were found; all of them once it is counted. */
  count: number;
  /** What fits the filter and is no target, by the reason. */
  leftOut: Counts;
  sample: readonly OperationSample[];
  /** Targets by destination. */
  destinations: Counts;
  startedAtMs: number | null;
  endedAtMs: number | null;
  /** Targets that are still to be gone through. */
  left: number;
  outcomes: Counts;
  /** What the take-back came to. */
  takenBack: Counts;
  error: string | null;
}>;

export function addCount(counts: Counts, name: string, change = 1): Counts {
  return { ...counts, [name]: (counts[name] ?? 0) + change };
}

/** Adds one for each of the names. */
export function countNames(counts: Counts, names: readonly string[]): Counts {
  const sums: Record<string, number> = { ...counts };
  for (const name of names) sums[name] = (sums[name] ?? 0) + 1;
  return sums;
}

/** Targets to which something was done. */
export function doneOf({ outcomes }: BulkOperation): number {
  return sumOf(outcomes, (name) => DONE.has(name));
}

/** Targets that were gone through without anything being done to them, by the reason. */
export function skippedOf({ outcomes }: BulkOperation): Counts {
  return Object.fromEntries(Object.entries(outcomes).filter(([name]) => !DONE.has(name)));
}

function sumOf(counts: Counts, fits: (name: string) => boolean): number {
  return Object.entries(counts).reduce((sum, [name, count]) => sum + (fits(name) ? count : 0), 0);
}

/** Whether some process has to work on it. */
export function isActive({ state }: BulkOperation): boolean {
  return state === 'counting' || state === 'running' || state === 'taking_back';
}

/** Until when the plan may be run; null while it is counted. */
export function validUntilMs({ countedAtMs }: BulkOperation): number | null {
  return countedAtMs === null ? null : countedAtMs + PLAN_VALID_MS;
}

/** When the operation was over, or will be if nobody runs it; null while somebody works on it. */
export function overAtMs(operation: BulkOperation): number | null {
  return operation.state === 'planned' ? validUntilMs(operation) : operation.endedAtMs;
}

/** Whether what the kind does can be taken back as long as it was not tried. */
export function canBeTakenBack({ kind }: BulkOperation): boolean {
  return kind === 'replay' || kind === 'route';
}

/** The operation once these targets were found. */
export function withTargets(
  operation: BulkOperation,
  found: Pick<BulkOperation, 'search' | 'leftOut' | 'sample' | 'destinations'> &
    Readonly<{ targets: number }>,
): BulkOperation {
  const { search, leftOut, sample, destinations, targets } = found;
  const count = operation.count + targets;
  const version = operation.version + 1;
  return { ...operation, version, search, leftOut, sample, destinations, count, left: count };
}

export function counted(operation: BulkOperation, nowMs: number): BulkOperation {
  return { ...operation, version: operation.version + 1, state: 'planned', countedAtMs: nowMs };
}

export function planFailed(operation: BulkOperation, error: string, nowMs: number): BulkOperation {
  return { ...operation, version: operation.version + 1, state: 'failed', error, endedAtMs: nowMs };
}

export function started(operation: BulkOperation, rate: number, nowMs: number): BulkOperation {
  return { ...operation, version: operation.version + 1, state: 'running', rate, startedAtMs: nowMs };
}

export function cancelled(operation: BulkOperation, nowMs: number): BulkOperation {
  return { ...operation, version: operation.version + 1, state: 'cancelled', endedAtMs: nowMs };
}

/** Its targets are gone through once more, all of them. */
export function takingBack(operation: BulkOperation): BulkOperation {
  const { version, count, takenBack } = operation;
  // What an earlier take-back removed stays removed; what it left is looked at again.
  const kept = takenBack.taken_back === undefined ? {} : { taken_back: takenBack.taken_back };
  return {
    ...operation,
    version: version + 1,
    state: 'taking_back',
    left: count,
    takenBack: kept,
    endedAtMs: null,
  };
}

/** The operation after a step through some targets. */
export function stepped(
  operation: BulkOperation,
  outcomes: readonly TargetOutcome[],
  targets: number,
  nowMs: number,
): BulkOperation {
  const isTakeBack = operation.state === 'taking_back';
  const left = operation.left - targets;
  const next: BulkOperation = {
    ...operation,
    version: operation.version + 1,
    left,
    ...(isTakeBack
      ? { takenBack: countNames(operation.takenBack, outcomes) }
      : { outcomes: countNames(operation.outcomes, outcomes) }),
  };
  if (left > 0) return next;
  const state = isTakeBack ? 'taken_back' : 'completed';
  // The filter of an erase may name what was erased.
  return { ...next, state, endedAtMs: nowMs, ...(operation.kind === 'erase' && { filter: '' }) };
}

/** The row of the audit for what is done with an operation: never its filter, which may hold what customers sent. */
export function operationEntry(
  action: AuditAction,
  operation: BulkOperation,
  actor: Actor,
  atMs: number,
): AuditEntry {
  const { id, kind, digest, state, count, countedAtMs, to, outcomes, takenBack } = operation;
  const after: AuditDetail = {
    kind,
    filter_sha256: digest,
    state,
    ...(countedAtMs !== null && { count }),
    ...(to !== null && { to }),
    ...outcomes,
    ...takenBack,
  };
  return { atMs, actor, action, target: id, before: null, after };
}

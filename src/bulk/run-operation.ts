import { SYSTEM } from '../domain/audit.ts';
import type { Delivery } from '../domain/delivery.ts';
import { type BulkOperation, isActive } from '../domain/operation.ts';
import { type Clock, monotonicMs, sleep } from '../runtime/clock.ts';
import { type OperationLease, type OperationStore, type StepWork, TARGETS_A_SLICE } from '../store/store.ts';
import { LEASE_MS } from './lease.ts';
import type { MeasurePressure, Pressure } from './pressure.ts';

export type RunParts = Readonly<{
  store: Pick<OperationStore, 'nextTargets' | 'stepOperation' | 'extendOperation'>;
  clock: Clock;
  pressure: MeasurePressure;
  /** Destinations that get no deliveries now. */
  closed: () => readonly string[];
  /** What the next step does to these targets; the caller has looked at them. */
  prepareWork: (operation: BulkOperation, targets: readonly string[]) => Promise<StepWork>;
  /** Whether a step's targets have to be looked at before it. */
  needsTargets: (operation: BulkOperation) => boolean;
  /** Called with each delivery that has become due. */
  onPending: (delivery: Pick<Delivery, 'id' | 'destination'>) => void;
  /** Called after each step, and with what the operation waits for, or null when it goes on. */
  onStep: (operation: BulkOperation, before: BulkOperation, step: Step) => void;
  onWait: (operation: BulkOperation, pressure: Pressure | null) => void;
}>;

/** What a step has made, and when it began. */
export type Step = Readonly<{ made: readonly string[]; startedMs: number }>;

/** How often an operation that waits looks again. */
const LOOK_AGAIN_MS = 250;
/** How often one that waits says that it is still at work. */
const EXTEND_MS = 3_000;
/** The time that a step's targets are to last, so that what a step adds comes in small portions. */
const STEP_MS = 400;
/** Verifying a request may ask for keys, so its result is kept at once. */
const REVERIFIED_AT_ONCE = 1;

/**
 * Goes through the targets of an operation, or takes it back, until it is over.
 * @returns the operation, or null when the lease is lost or the signal has aborted
 */
export async function runOperation(
  parts: RunParts,
  lease: OperationLease,
  operation: BulkOperation,
  signal: AbortSignal,
): Promise<BulkOperation | null> {
  const { store, clock } = parts;
  let current = operation;
  let nextAtMs = clock.nowMs();
  let most = TARGETS_A_SLICE;
  while (isActive(current)) {
    if (!(await awaitRoom(parts, lease, current, signal))) return null;
    const limit = Math.min(most, stepSize(current));
    const startedMs = monotonicMs();
    const work = await workFor(parts, current, limit);
    const outcome = await store.stepOperation(lease, stepOf(parts, work, limit));
    if (outcome.kind === 'lost') return null;
    if (outcome.kind === 'full') {
      most = Math.max(1, Math.floor(limit / 2));
      parts.onWait(current, { kind: 'queue' });
      await sleep(clock, LOOK_AGAIN_MS, signal);
      // A queue may stay full for longer than a lease lasts.
      if ((await store.extendOperation(lease, clock.nowMs() + LEASE_MS)) === 'lost') return null;
      continue;
    }
    most = TARGETS_A_SLICE;
    parts.onWait(outcome.operation, null);
    for (const delivery of outcome.due) parts.onPending(delivery);
    const targets = current.left - outcome.operation.left;
    parts.onStep(outcome.operation, current, { made: outcome.made, startedMs });
    current = outcome.operation;
    nextAtMs = Math.max(nextAtMs, clock.nowMs()) + paceMs(current, targets);
    await sleep(clock, nextAtMs - clock.nowMs(), signal);
  }
  return current;
}

/** How many targets a step takes, so that steps follow each other every STEP_MS or so. */
function stepSize({ kind, state, rate }: BulkOperation): number {
  if (state === 'taking_back') return TARGETS_A_SLICE;
  if (kind === 'reverify') return REVERIFIED_AT_ONCE;
  return Math.max(1, Math.min(TARGETS_A_SLICE, Math.round((rate * STEP_MS) / 1_000)));
}

/** A take-back hurries: it is a race with the deliveries that it is to remove. */
function paceMs({ state, rate }: BulkOperation, targets: number): number {
  return state === 'running' ? (targets * 1_000) / rate : 0;
}

async function workFor(parts: RunParts, operation: BulkOperation, limit: number): Promise<StepWork> {
  if (!parts.needsTargets(operation)) return { kind: 'own' };
  return parts.prepareWork(operation, await parts.store.nextTargets(operation, limit));
}

function stepOf({ clock, closed }: RunParts, work: StepWork, limit: number) {
  const nowMs = clock.nowMs();
  return { work, limit, closed: closed(), nowMs, leaseUntilMs: nowMs + LEASE_MS, audit: { actor: SYSTEM } };
}

/** Waits while live deliveries are late or the queue is half full. @returns false when it shall not go on at all */
async function awaitRoom(
  { store, clock, pressure, onWait }: RunParts,
  lease: OperationLease,
  operation: BulkOperation,
  signal: AbortSignal,
): Promise<boolean> {
  let extendAtMs = clock.nowMs() + EXTEND_MS;
  for (let isWaiting = false; !signal.aborted; ) {
    const found = await pressure(operation);
    if (found !== null || isWaiting) onWait(operation, found);
    if (found === null) return true;
    isWaiting = true;
    await sleep(clock, LOOK_AGAIN_MS, signal);
    if (clock.nowMs() < extendAtMs) continue;
    extendAtMs = clock.nowMs() + EXTEND_MS;
    if ((await store.extendOperation(lease, clock.nowMs() + LEASE_MS)) === 'lost') return false;
  }
  return false;
}

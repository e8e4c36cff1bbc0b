/**
 * The claim loop turns free workers and due deliveries into attempts, without polling while idle.
 *
 * States: stopped, asleep (a timer runs to the earliest due time known), claiming (one pass of plan and claim after
 * another until a plan is empty) and, beside these, paused (the store failed; nothing is claimed for CLAIM_PAUSE_MS).
 *
 * Invariants:
 * - One pass at a time. A call of `ask` during a pass lowers due times, which the next plan of that pass sees.
 * - `dueAtMs` of a slot is only ever lowered, except by a claim for that slot, whose answer is newer than what was known.
 * - Between the last, empty plan and the sleep nothing is awaited, so no `ask` falls between the two.
 * - The list of slots may be replaced at any time. A claim under way keeps its slot, which may no longer be in the list.
 * - What falls due after the last plan was made has a timer: the timer is computed from the plan's time, not from the present.
 *
 * Callers: the dispatcher starts and stops it, and asks after every accept, freed worker, passed turn and message.
 */
import type { Emit } from '../events.ts';
import type { Clock } from '../runtime/clock.ts';
import type { IdGenerator } from '../runtime/ids.ts';
import { type DestinationSlot, type PlannedClaim, planClaims } from './plan-claims.ts';
import type { Taken, Work, WorkSource } from './work-source.ts';

/** A slot whose `dueAtMs` belongs to the loop. */
export type ClaimableSlot = Omit<DestinationSlot, 'dueAtMs'> & { dueAtMs: number };

export type ClaimLoopParts<Slot extends ClaimableSlot> = Readonly<{
  source: WorkSource;
  /** The slots of the configuration in effect, and those that a reload removed and that still have work. */
  slots: () => readonly Slot[];
  workerCount: number;
  leaseMs: number;
  clock: Clock;
  newId: IdGenerator;
  emit: Emit;
  /** How many deliveries the slot may be given now. */
  roomOf: (slot: Slot, nowMs: number) => number;
  /** When a slot without room may have some; Infinity until it is asked for. */
  roomAtMs: (slot: Slot, nowMs: number) => number;
  /** A claim of up to `limit` for the slot begins; what it brings runs under the target that the slot has at this moment. */
  onClaim: (slot: Slot, limit: number) => ClaimInProgress;
  /** No claim is under way any more. */
  onRest: () => void;
}>;

export type ClaimInProgress = Readonly<{
  /** Takes what was claimed, and has counted it as active when it returns. */
  take(work: Work): void;
  /** The claim is over, and brings no more. */
  end(): void;
}>;

export type ClaimLoop<Slot> = Readonly<{
  start(): void;
  /** There may be something to claim for these slots, or a worker that one of them has freed. */
  ask(slots: readonly Slot[]): void;
  /** Claims no more. What a claim under way brings is still handed on. */
  stop(): void;
  isClaiming(): boolean;
}>;

/** Pause of claims after the store failed, however often the loop is asked meanwhile. */
export const CLAIM_PAUSE_MS = 500;

const NEVER = Number.POSITIVE_INFINITY;

/** Claims as long as there are free workers and something due for them, then sleeps until the next due time. */
export function createClaimLoop<Slot extends ClaimableSlot>(parts: ClaimLoopParts<Slot>): ClaimLoop<Slot> {
  const { slots, clock } = parts;
  let running = false;
  let claiming = false;
  let paused = false;
  let stopTimer = () => {};
  let stopPause = () => {};

  const look = () => {
    if (running && !claiming) void claimAll();
  };

  const planFor = (nowMs: number) =>
    planClaims(slots(), parts.workerCount, nowMs, (slot) => parts.roomOf(slot, nowMs));

  const claimAll = async () => {
    claiming = true;
    stopTimer();
    let plannedAtMs: number;
    for (;;) {
      // Workers freed by one commit come free within one pass of the event loop: they share a claim.
      await nextTurn();
      plannedAtMs = clock.nowMs();
      const plan = running && !paused ? planFor(plannedAtMs) : [];
      if (plan.length === 0) break;
      // One claim for each slot: the store commits them together, and each answer says when its slot is due next.
      await Promise.all(plan.map(claim));
    }
    claiming = false;
    if (running) sleepUntilDue(plannedAtMs);
    parts.onRest();
  };

  const claim = async (planned: PlannedClaim<Slot>) => {
    if ((await claimForSlot(parts, planned)) === 'failed') pause();
  };

  const pause = () => {
    if (paused || !running) return;
    paused = true;
    stopPause = clock.after(CLAIM_PAUSE_MS, () => {
      paused = false;
      look();
    });
  };

  const sleepUntilDue = (plannedAtMs: number) => {
    const wakeAtMs = nextDueAfter(parts, plannedAtMs);
    if (wakeAtMs !== NEVER) stopTimer = clock.after(wakeAtMs - clock.nowMs(), look);
  };

  return {
    start() {
      running = true;
      look();
    },
    ask(asked) {
      for (const slot of asked) slot.dueAtMs = 0;
      look();
    },
    stop() {
      running = false;
      stopTimer();
      stopPause();
    },
    isClaiming: () => claiming,
  };
}

/** Claims for one slot, hands on what came, and notes when the slot is due next. Never rejects. */
async function claimForSlot<Slot extends ClaimableSlot>(
  { source, clock, leaseMs, newId, emit, onClaim }: ClaimLoopParts<Slot>,
  { slot, limit }: PlannedClaim<Slot>,
): Promise<'claimed' | 'failed'> {
  const { destination } = slot;
  const nowMs = clock.nowMs();
  // An `ask` from here on lowers it, and is not overruled by an answer that may be older.
  slot.dueAtMs = NEVER;
  const claim = onClaim(slot, limit);
  try {
    const token = newId(nowMs);
    const taken = await source.take({ destination, limit, token, nowMs, leaseUntilMs: nowMs + leaseMs });
    for (const work of taken.work) claim.take(work);
    slot.dueAtMs = Math.min(slot.dueAtMs, nextClaimAtMs(taken, nowMs, clock.nowMs()));
    return 'claimed';
  } catch (error) {
    emit({ type: 'store.failed', operation: 'claim', error: error as Error });
    slot.dueAtMs = 0;
    return 'failed';
  } finally {
    claim.end();
  }
}

/**
 * When it makes sense to claim again. A delivery that is due and yet was not given out, with no other in its place, is
 * held by another process for a moment: claiming without a pause would only get in that process's way.
 */
function nextClaimAtMs({ work, nextDueAtMs }: Taken, askedAtMs: number, nowMs: number): number {
  if (nextDueAtMs === null) return NEVER;
  const isHeldBack = work.length === 0 && nextDueAtMs <= askedAtMs;
  return isHeldBack ? nowMs + CLAIM_PAUSE_MS : nextDueAtMs;
}

/**
 * The first time after the plan at which a slot is due and has room. A slot that had both for the plan waits for a worker,
 * which asks when it is free.
 */
function nextDueAfter<Slot extends ClaimableSlot>(
  { slots, roomOf, roomAtMs }: ClaimLoopParts<Slot>,
  plannedAtMs: number,
): number {
  let first = NEVER;
  for (const slot of slots()) {
    const hasRoom = slot.dueAtMs > plannedAtMs || roomOf(slot, plannedAtMs) > 0;
    const atMs = hasRoom ? slot.dueAtMs : roomAtMs(slot, plannedAtMs);
    if (atMs > plannedAtMs && atMs < first) first = atMs;
  }
  return first;
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

import type { Emit } from '../events.ts';
import type { Clock } from '../runtime/clock.ts';
import type { IdGenerator } from '../runtime/ids.ts';
import { type DestinationSlot, type PlannedClaim, planClaims } from './plan-claims.ts';
import type { Taken, Work, WorkSource } from './work-source.ts';

/** A destination slot whose `dueAtMs` is the loop's. It is only ever lowered, but for a claim, whose answer is the news. */
export type ClaimableLane = Omit<DestinationSlot, 'dueAtMs'> & { dueAtMs: number };

export type ClaimLoopParts<AnyDestinationSlot extends ClaimableLane> = Readonly<{
  source: WorkSource;
  destinationSlots: readonly AnyDestinationSlot[];
  workerCount: number;
  leaseMs: number;
  clock: Clock;
  newId: IdGenerator;
  emit: Emit;
  /** Takes what was claimed, and has counted it as active when it returns. */
  onClaimed: (destinationSlot: AnyDestinationSlot, work: Work) => void;
  /** No claim is under way any more. */
  onRest: () => void;
}>;

export type ClaimLoop<AnyDestinationSlot> = Readonly<{
  start(): void;
  /** There may be something for these destination slots, or for whoever wants the worker that one of them has freed. */
  ask(destinationSlots: readonly AnyDestinationSlot[]): void;
  /** Claims no more. What a claim under way brings is still handed on. */
  stop(): void;
  isClaiming(): boolean;
}>;

/** How long a store that fails to claim is left alone, however often the loop is asked to look meanwhile. */
export const CLAIM_PAUSE_MS = 500;

const NEVER = Number.POSITIVE_INFINITY;

/** Claims as long as there are free workers and something due for them, then waits for the next due time. */
export function createClaimLoop<AnyDestinationSlot extends ClaimableLane>(
  parts: ClaimLoopParts<AnyDestinationSlot>,
): ClaimLoop<AnyDestinationSlot> {
  const { source, destinationSlots, clock, leaseMs } = parts;
  let running = false;
  let claiming = false;
  let paused = false;
  let stopTimer = () => {};
  let stopPause = () => {};

  const look = () => {
    if (running && !claiming) void claimAll();
  };

  /** Between the last look at the plan and the end nothing is awaited: whatever comes later starts it anew. */
  const claimAll = async () => {
    claiming = true;
    stopTimer();
    let plannedAtMs: number;
    for (;;) {
      // Workers freed by one commit come free within one turn of the event loop: they share a claim.
      await nextTurn();
      plannedAtMs = clock.nowMs();
      const plan = running && !paused ? planClaims(destinationSlots, parts.workerCount, plannedAtMs) : [];
      if (plan.length === 0) break;
      await Promise.all(plan.map(claim));
    }
    claiming = false;
    if (running) sleepUntilDue(plannedAtMs);
    parts.onRest();
  };

  /** One claim for each destination slot: the store commits them together, and each answer says when its own destination slot is due. */
  const claim = async ({ destinationSlot, limit }: PlannedClaim<AnyDestinationSlot>) => {
    const nowMs = clock.nowMs();
    // Whoever asks from here on lowers it, and is not overruled by an answer that may be older.
    destinationSlot.dueAtMs = NEVER;
    try {
      const { destination } = destinationSlot;
      const token = parts.newId(nowMs);
      const taken = await source.take({ destination, limit, token, nowMs, leaseUntilMs: nowMs + leaseMs });
      for (const work of taken.work) parts.onClaimed(destinationSlot, work);
      destinationSlot.dueAtMs = Math.min(destinationSlot.dueAtMs, nextClaimAtMs(taken, nowMs, clock.nowMs()));
    } catch (error) {
      parts.emit({ type: 'store.failed', operation: 'claim', error: error as Error });
      destinationSlot.dueAtMs = 0;
      pause();
    }
  };

  const pause = () => {
    if (paused || !running) return;
    paused = true;
    stopPause = clock.after(CLAIM_PAUSE_MS, () => {
      paused = false;
      look();
    });
  };

  /**
   * A destination slot that was due for the plan waits for a worker, and freeing one is a look of its own. By the plan's time, not
   * by now: what has fallen due since then was in no plan yet, and nothing else would wake for it.
   */
  const sleepUntilDue = (plannedAtMs: number) => {
    const wakeAtMs = destinationSlots.reduce(
      (first, { dueAtMs }) => (dueAtMs > plannedAtMs && dueAtMs < first ? dueAtMs : first),
      NEVER,
    );
    if (wakeAtMs !== NEVER) stopTimer = clock.after(wakeAtMs - clock.nowMs(), look);
  };

  return {
    start() {
      running = true;
      look();
    },
    ask(asked) {
      for (const destinationSlot of asked) destinationSlot.dueAtMs = 0;
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

/**
 * When it makes sense to claim again. What is due and yet was not given out, with nothing else in its place, is
 * held by somebody else for a moment: asking on and on would only get in their way.
 */
function nextClaimAtMs({ work, nextDueAtMs }: Taken, askedAtMs: number, nowMs: number): number {
  if (nextDueAtMs === null) return NEVER;
  const isHeldBack = work.length === 0 && nextDueAtMs <= askedAtMs;
  return isHeldBack ? nowMs + CLAIM_PAUSE_MS : nextDueAtMs;
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

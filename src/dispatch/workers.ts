import { isExpired, type Lease } from '../domain/lease.ts';
import type { Settlement } from '../domain/settlement.ts';
import type { Leased } from '../store/store.ts';
import { Cancellation } from './cancellation.ts';
import type { ClaimInProgress } from './claim-loop.ts';
import { type AttemptParts, type AttemptTarget, executeAttempt } from './execute-attempt.ts';
import type { HandlerUse } from './handler-uses.ts';
import type { DestinationSlot } from './plan-claims.ts';
import { CLAIMED_TOO_LATE, HELD, SHUTDOWN } from './stop-reasons.ts';
import type { Work } from './work-source.ts';

/** A delivery at work in this process. */
export type Active = {
  readonly leased: Leased;
  /** Its reason says what becomes of the delivery: LEASE_LOST drops the attempt, any other releases it uncharged. */
  readonly cancel: Cancellation;
  untilMs: number;
  /** Its worker is free already, while the store settles it. */
  isSettling: boolean;
};

/** What attempts run with: the destination's rules, and its handler, which stays open while it is used. */
export type HeldTarget = AttemptTarget & Readonly<{ use: HandlerUse }>;

/**
 * A slot whose `active` and `settling` belong to the workers. A reload replaces its target; attempts keep the one they
 * began with.
 */
export type WorkedSlot = Omit<DestinationSlot, 'active'> & {
  active: number;
  /** Deliveries whose worker is free already, while the store settles them. */
  settling: number;
  target: HeldTarget;
};

export type WorkersParts<Slot extends WorkedSlot> = Omit<AttemptParts, 'giveUp'> &
  Readonly<{
    /** A worker of the slot is free, or the next delivery of an order key has the turn. */
    onFreed: (slot: Slot) => void;
    /** Whether the destination gets no deliveries now. */
    isClosed: (destination: string) => boolean;
  }>;

/** Runs claimed deliveries to their settlement, and keeps a record of those at work. */
export type Workers<Slot extends WorkedSlot> = Readonly<{
  /** A claim begins. Each piece of work that it takes begins an attempt, which counts as active when `take` returns. */
  claim(slot: Slot): ClaimInProgress;
  active(): Iterable<Active>;
  activeCount(): number;
  /** Whether this process works under that very lease. */
  holds(lease: Lease): boolean;
  /** From now on, deliveries that are taken are released uncharged. */
  refuse(): void;
  /** Cancels the attempts at work, which are released uncharged. */
  release(): void;
  /** Stops waiting for a store that fails to settle. */
  giveUp(): void;
}>;

export function createWorkers<Slot extends WorkedSlot>(parts: WorkersParts<Slot>): Workers<Slot> {
  const { clock, emit, onFreed } = parts;
  const atWork = new Map<string, Active>();
  const giveUp = new AbortController();
  const attemptParts = { ...parts, giveUp: giveUp.signal };
  let refusing = false;

  const run = async (
    slot: Slot,
    target: HeldTarget,
    { leased, end, probe }: Work,
    entry: Active,
    onHandled: () => void,
  ) => {
    let settlement: Settlement | null = null;
    let isCompleted = false;
    // A delivery that its handler has completed has no lease to extend, and its order key's turn has passed.
    const onCompleted = () => {
      isCompleted = true;
      entry.untilMs = Number.POSITIVE_INFINITY;
      end({ kind: 'completed' });
      if (leased.lease.orderKey !== null) onFreed(slot);
    };
    const progress = { onHandled, onCompleted };
    try {
      settlement = await executeAttempt(attemptParts, target, leased, entry.cancel, progress, probe);
    } catch (error) {
      const message = 'an attempt ended in an unexpected way';
      emit({ type: 'receiver.failed', message, error: error as Error });
    }
    if (!isCompleted) end(settlement);
  };
  const take = (slot: Slot, target: HeldTarget, work: Work) => {
    const { leased } = work;
    const key = keyOf(leased.lease);
    const { untilMs } = leased.lease;
    const entry: Active = { leased, cancel: new Cancellation(), untilMs, isSettling: false };
    const place = takePlace(slot, entry, onFreed);
    target.use.begin();
    atWork.set(key, entry);
    if (refusing) entry.cancel.cancel(SHUTDOWN);
    else if (isExpired(leased.lease, clock.nowMs())) entry.cancel.cancel(CLAIMED_TOO_LATE);
    else if (work.probe === undefined && parts.isClosed(slot.destination)) entry.cancel.cancel(HELD);
    void run(slot, target, work, entry, place.handled).then(() => {
      atWork.delete(key);
      place.leave();
      target.use.end();
      // It may also have left a retry behind.
      onFreed(slot);
    });
  };
  return {
    claim(slot) {
      const { target } = slot;
      target.use.begin();
      return { take: (work) => take(slot, target, work), end: target.use.end };
    },
    active: () => atWork.values(),
    activeCount: () => atWork.size,
    holds: (lease) => atWork.has(keyOf(lease)),
    refuse() {
      refusing = true;
    },
    release() {
      for (const { cancel } of atWork.values()) cancel.cancel(SHUTDOWN);
    },
    giveUp: () => giveUp.abort(),
  };
}

/**
 * The worker that a delivery takes of its slot. It is free when the handler has ended, so that the destination gets the
 * next delivery while the store settles this one. Handlers that end at once wait for the store: those of one commit then
 * share a claim. So does a slot that has as many to settle as workers: a store that is slow to settle must not let them
 * gather in memory.
 */
function takePlace<Slot extends WorkedSlot>(
  slot: Slot,
  entry: Active,
  onFreed: (slot: Slot) => void,
): Readonly<{ handled(): void; leave(): void }> {
  slot.active += 1;
  return {
    handled() {
      if (slot.settling >= slot.concurrency) return;
      entry.isSettling = true;
      slot.active -= 1;
      slot.settling += 1;
      onFreed(slot);
    },
    leave() {
      if (entry.isSettling) slot.settling -= 1;
      else slot.active -= 1;
    },
  };
}

/** By token too: an older lease of the same delivery may still be settling. */
function keyOf({ deliveryId, token }: Lease): string {
  return `${deliveryId} ${token}`;
}

import type { Destination } from '../domain/destination.ts';

/** One destination's share of the dispatcher: how many deliveries may run, and which do. */
export type DestinationSlot = Readonly<{
  destination: string;
  /** Most deliveries of this destination at work. */
  concurrency: number;
  /** Deliveries of it at work now. */
  active: number;
  /** When its next pending delivery is due, as far as known; in the past to have it claimed now. */
  dueAtMs: number;
}>;

export type PlannedClaim<Slot extends DestinationSlot> = Readonly<{ slot: Slot; limit: number }>;

/** Most deliveries of a destination at work at once: all workers except the shares that belong to the others. */
export function mostAtWork(
  destinations: readonly Pick<Destination, 'name' | 'concurrency'>[],
  name: string,
  workers: number,
): number {
  const share = Math.floor(workers / destinations.length);
  const others = destinations.filter((destination) => destination.name !== name);
  const reserved = others.reduce((sum, { concurrency }) => sum + Math.min(share, concurrency), 0);
  const own = destinations.find((destination) => destination.name === name)?.concurrency ?? 0;
  return Math.min(own, workers - reserved);
}

/**
 * Divides the free workers among the slots that have something due. Each slot owns a fair share of the workers, which
 * the others cannot take even if it is unused, so that a slow or dead destination never holds up another. Workers
 * beyond the shares are divided evenly among the slots that have work for them.
 *
 * A reload can lower a concurrency below what is at work, and make shares that others still use: then `spare` is
 * negative, and what is claimed within the shares makes up for it, so that there is never more work than workers.
 * @param workers most deliveries at work in all; at least one for each slot
 * @param roomOf how many deliveries a slot may be given now; what it cannot take is left to the next plan
 */
export function planClaims<Slot extends DestinationSlot>(
  slots: readonly Slot[],
  workers: number,
  nowMs: number,
  roomOf: (slot: Slot) => number = () => Number.POSITIVE_INFINITY,
): PlannedClaim<Slot>[] {
  const share = Math.floor(workers / slots.length);
  const unusedShare = (slot: Slot) => Math.max(0, Math.min(share, slot.concurrency) - slot.active);
  const wantedBeyond = (slot: Slot) => Math.max(0, slot.concurrency - slot.active - unusedShare(slot));

  let spare = slots.reduce((free, slot) => free - slot.active - unusedShare(slot), workers);
  return (
    slots
      .filter((slot) => slot.dueAtMs <= nowMs && roomOf(slot) > 0)
      // The slot that wants least goes first and leaves what it cannot take to the others.
      .sort((a, b) => wantedBeyond(a) - wantedBeyond(b))
      .map((slot, index, asking) => {
        const own = unusedShare(slot);
        const extra =
          spare < 0
            ? Math.max(-own, spare)
            : Math.min(wantedBeyond(slot), Math.floor(spare / (asking.length - index)));
        spare -= extra;
        return { slot, limit: Math.min(own + extra, roomOf(slot)) };
      })
      .filter(({ limit }) => limit > 0)
  );
}

/** What the dispatcher knows of one destination. */
export type DestinationSlot = Readonly<{
  destination: string;
  /** Most deliveries of this destination at work. */
  concurrency: number;
  /** Deliveries of it at work now. */
  active: number;
  /** When its next pending delivery is due, as far as known; in the past when it should be asked now. */
  dueAtMs: number;
}>;

export type PlannedClaim<AnyDestinationSlot extends DestinationSlot> = Readonly<{
  destinationSlot: AnyDestinationSlot;
  limit: number;
}>;

/** Most deliveries of a destination at work at once: all workers but the shares that belong to the others. */
export function mostAtWork(
  destinationSlots: readonly Pick<DestinationSlot, 'destination' | 'concurrency'>[],
  destination: string,
  workers: number,
): number {
  const share = Math.floor(workers / destinationSlots.length);
  const shareOf = (name: string, concurrency: number) =>
    name === destination ? 0 : Math.min(share, concurrency);
  const others = destinationSlots.reduce(
    (sum, destinationSlot) => sum + shareOf(destinationSlot.destination, destinationSlot.concurrency),
    0,
  );
  const own =
    destinationSlots.find((destinationSlot) => destinationSlot.destination === destination)?.concurrency ?? 0;
  return Math.min(own, workers - others);
}

/**
 * Divides the free workers among the destination slots that have something due. Each destination slot owns a fair share of the workers that
 * the others cannot take, used or not, so that a slow or dead destination never holds up another. What lies beyond
 * the shares goes to whoever has work for it, evenly.
 * @param workers most deliveries at work in all; at least one for each destination slot
 */
export function planClaims<AnyDestinationSlot extends DestinationSlot>(
  destinationSlots: readonly AnyDestinationSlot[],
  workers: number,
  nowMs: number,
): PlannedClaim<AnyDestinationSlot>[] {
  const share = Math.floor(workers / destinationSlots.length);
  const unusedShare = (destinationSlot: DestinationSlot) =>
    Math.max(0, Math.min(share, destinationSlot.concurrency) - destinationSlot.active);
  const wantedBeyond = (destinationSlot: DestinationSlot) =>
    destinationSlot.concurrency - destinationSlot.active - unusedShare(destinationSlot);

  let spare = destinationSlots.reduce(
    (free, destinationSlot) => free - destinationSlot.active - unusedShare(destinationSlot),
    workers,
  );
  return (
    destinationSlots
      .filter(({ dueAtMs }) => dueAtMs <= nowMs)
      // Who wants least goes first and leaves what it cannot take to the others.
      .sort((a, b) => wantedBeyond(a) - wantedBeyond(b))
      .map((destinationSlot, index, asking) => {
        const extra = Math.min(wantedBeyond(destinationSlot), Math.floor(spare / (asking.length - index)));
        spare -= extra;
        return { destinationSlot, limit: unusedShare(destinationSlot) + extra };
      })
      .filter(({ limit }) => limit > 0)
  );
}

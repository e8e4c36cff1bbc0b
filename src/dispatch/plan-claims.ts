/** What the dispatcher knows of one destination. */
export type Lane = Readonly<{
  destination: string;
  /** Most deliveries of this destination at work. */
  concurrency: number;
  /** Deliveries of it at work now. */
  active: number;
  /** When its next pending delivery is due, as far as known; in the past when it should be asked now. */
  dueAtMs: number;
}>;

export type PlannedClaim<AnyLane extends Lane> = Readonly<{ lane: AnyLane; limit: number }>;

/** Most deliveries of a destination at work at once: all workers but the shares that belong to the others. */
export function mostAtWork(
  lanes: readonly Pick<Lane, 'destination' | 'concurrency'>[],
  destination: string,
  workers: number,
): number {
  const share = Math.floor(workers / lanes.length);
  const shareOf = (name: string, concurrency: number) =>
    name === destination ? 0 : Math.min(share, concurrency);
  const others = lanes.reduce((sum, lane) => sum + shareOf(lane.destination, lane.concurrency), 0);
  const own = lanes.find((lane) => lane.destination === destination)?.concurrency ?? 0;
  return Math.min(own, workers - others);
}

/**
 * Divides the free workers among the lanes that have something due. Each lane owns a fair share of the workers that
 * the others cannot take, used or not, so that a slow or dead destination never holds up another. What lies beyond
 * the shares goes to whoever has work for it, evenly.
 * @param workers most deliveries at work in all; at least one for each lane
 */
export function planClaims<AnyLane extends Lane>(
  lanes: readonly AnyLane[],
  workers: number,
  nowMs: number,
): PlannedClaim<AnyLane>[] {
  const share = Math.floor(workers / lanes.length);
  const unusedShare = (lane: Lane) => Math.max(0, Math.min(share, lane.concurrency) - lane.active);
  const wantedBeyond = (lane: Lane) => lane.concurrency - lane.active - unusedShare(lane);

  let spare = lanes.reduce((free, lane) => free - lane.active - unusedShare(lane), workers);
  return (
    lanes
      .filter(({ dueAtMs }) => dueAtMs <= nowMs)
      // Who wants least goes first and leaves what it cannot take to the others.
      .sort((a, b) => wantedBeyond(a) - wantedBeyond(b))
      .map((lane, index, asking) => {
        const extra = Math.min(wantedBeyond(lane), Math.floor(spare / (asking.length - index)));
        spare -= extra;
        return { lane, limit: unusedShare(lane) + extra };
      })
      .filter(({ limit }) => limit > 0)
  );
}

export type Lane = Readonly<{
  destination: string;
  /** Most deliveries of this destination at work. */
  concurrency: number;
  /** Deliveries of it at work now. */
  active: number;
}>;

export type ClaimLimit = Readonly<{ destination: string; limit: number }>;

/**
 * Divides the free workers among the destinations. Each has a fair share of the workers that the others cannot
 * take, used or not, so that a slow or dead destination never holds up another; what lies beyond the shares goes
 * to whoever asks, evenly.
 * @param workers most deliveries at work in all; at least one for each lane
 */
export function planClaims(lanes: readonly Lane[], workers: number): ClaimLimit[] {
  const share = Math.floor(workers / lanes.length);
  const reserved = (lane: Lane) => Math.max(0, Math.min(share, lane.concurrency) - lane.active);
  const wanted = (lane: Lane) => Math.max(0, lane.concurrency - lane.active);

  let free = workers - lanes.reduce((sum, lane) => sum + lane.active, 0);
  const limits = new Map<Lane, number>();
  for (const lane of lanes) {
    const limit = Math.min(reserved(lane), Math.max(0, free));
    limits.set(lane, limit);
    free -= limit;
  }
  // The rest, one round after the other, the lane that wants least first so that nothing is left over.
  const hungry = lanes.filter((lane) => wanted(lane) > limits.get(lane)!);
  hungry.sort((a, b) => wanted(a) - limits.get(a)! - (wanted(b) - limits.get(b)!));
  hungry.forEach((lane, index) => {
    const extra = Math.min(
      wanted(lane) - limits.get(lane)!,
      Math.floor(Math.max(0, free) / (hungry.length - index)),
    );
    limits.set(lane, limits.get(lane)! + extra);
    free -= extra;
  });
  return lanes
    .map((lane) => ({ destination: lane.destination, limit: limits.get(lane)! }))
    .filter(({ limit }) => limit > 0);
}

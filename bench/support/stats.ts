/** The value that `share` (0..1) of the values are at or below: nearest rank, so always a value that occurred. */
export function percentile(values: readonly number[], share: number): number {
  if (values.length === 0) return Number.NaN;
  const sorted = Float64Array.from(values).sort();
  const rank = Math.max(1, Math.ceil(share * sorted.length));
  return sorted[rank - 1]!;
}

/** The middle value, or the mean of the middle two. */
export function median(values: readonly number[]): number {
  if (values.length === 0) return Number.NaN;
  const sorted = [...values].sort((a, b) => a - b);
  const upper = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[upper]! : (sorted[upper - 1]! + sorted[upper]!) / 2;
}

export type Spread = Readonly<{ median: number; min: number; max: number }>;

export function spread(values: readonly number[]): Spread {
  return { median: median(values), min: Math.min(...values), max: Math.max(...values) };
}

/** Ratios within each round: what slows the machine for one round slows both sides of its ratio. */
export function ratios(values: readonly number[], bases: readonly number[]): number[] {
  return values.slice(0, bases.length).map((value, round) => value / bases[round]!);
}

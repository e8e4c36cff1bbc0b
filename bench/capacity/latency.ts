import type { Random } from '../../src/runtime/random.ts';

/** How long something takes: by its median and what one in a hundred exceeds. */
export type Spread = Readonly<{ medianMs: number; p99Ms: number }>;

/** The 99th percentile of the standard normal distribution. */
const Z99 = 2.326;

/** Draws from the lognormal distribution of that median and 99th percentile; the same each time if they are equal. */
export function drawLatency({ medianMs, p99Ms }: Spread, random: Random): () => number {
  if (medianMs === 0 || p99Ms <= medianMs) return () => medianMs;
  const sigma = Math.log(p99Ms / medianMs) / Z99;
  return () => medianMs * Math.exp(sigma * drawNormal(random));
}

/** Box and Muller. */
function drawNormal(random: Random): number {
  const radius = Math.sqrt(-2 * Math.log(1 - random.next()));
  return radius * Math.cos(2 * Math.PI * random.next());
}

/** Times between the events of a Poisson process. */
export function drawGap(perSecond: number, random: Random): () => number {
  return () => (-Math.log(1 - random.next()) * 1000) / perSecond;
}

/** The mean of that lognormal distribution. */
export function meanOf({ medianMs, p99Ms }: Spread): number {
  if (medianMs === 0 || p99Ms <= medianMs) return medianMs;
  const sigma = Math.log(p99Ms / medianMs) / Z99;
  return medianMs * Math.exp((sigma * sigma) / 2);
}

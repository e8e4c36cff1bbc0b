import { percentile } from '../support/stats.ts';

/** The outcome of one request. Times are performance.now() of the sender. */
export type Sample = Readonly<{
  /** When it should have left: lateness of the sender counts as the receiver's, so nothing is left out. */
  dueAtMs: number;
  latencyMs: number;
  /** 0: no answer. */
  status: number;
}>;

export type Summary = Readonly<{
  count: number;
  ok: number;
  okPerSecond: number;
  notOk: number;
  p50Ms: number;
  p99Ms: number;
  maxMs: number;
}>;

const isOk = (sample: Sample) => sample.status >= 200 && sample.status < 300;

/** Sums up the requests that were due in [fromMs, toMs). */
export function summarize(samples: readonly Sample[], fromMs: number, toMs: number): Summary {
  const within = samples.filter((sample) => sample.dueAtMs >= fromMs && sample.dueAtMs < toMs);
  const latencies = within.filter(isOk).map((sample) => sample.latencyMs);
  return {
    count: within.length,
    ok: latencies.length,
    okPerSecond: (latencies.length * 1e3) / (toMs - fromMs),
    notOk: within.length - latencies.length,
    p50Ms: percentile(latencies, 0.5),
    p99Ms: percentile(latencies, 0.99),
    maxMs: percentile(latencies, 1),
  };
}

import { percentile } from '../support/stats.ts';

export const KINDS = ['send', 'resend', 'status by id', 'status by key', 'health'] as const;
export type Kind = (typeof KINDS)[number];

/** One request and what was wrong with its answer, or null. */
export type Answer = Readonly<{ kind: Kind; dueAtMs: number; latencyMs: number; problem: string | null }>;

export type Line = Readonly<{
  kind: Kind;
  count: number;
  errors: number;
  errorShare: number;
  p50Ms: number;
  p99Ms: number;
  maxMs: number;
}>;

const MOST_ERROR_SHARE = 0.01;
const P99_LIMIT_MS = 500;

/** One line for each kind of request that was due within the measured time. */
export function sumUp(answers: readonly Answer[], fromMs: number, toMs: number): Line[] {
  const within = answers.filter((answer) => answer.dueAtMs >= fromMs && answer.dueAtMs < toMs);
  return KINDS.flatMap((kind) => {
    const own = within.filter((answer) => answer.kind === kind);
    if (own.length === 0) return [];
    const errors = own.filter((answer) => answer.problem !== null).length;
    const latencies = own.map((answer) => answer.latencyMs);
    return [
      {
        kind,
        count: own.length,
        errors,
        errorShare: errors / own.length,
        p50Ms: percentile(latencies, 0.5),
        p99Ms: percentile(latencies, 0.99),
        maxMs: percentile(latencies, 1),
      },
    ];
  });
}

/** Each kind has to pass for itself: many good polls must not hide bad sends. */
export function whyFailed(lines: readonly Line[]): string[] {
  if (!lines.some((line) => line.kind === 'send')) return ['nothing was sent'];
  return lines.flatMap((line) => [
    ...(line.errorShare < MOST_ERROR_SHARE ? [] : [`${line.kind}: ${percent(line.errorShare)} errors`]),
    ...(line.p99Ms < P99_LIMIT_MS ? [] : [`${line.kind}: p99 is ${Math.round(line.p99Ms)} ms`]),
  ]);
}

export function percent(share: number): string {
  return `${(share * 100).toFixed(2)}%`;
}

/** How often each problem occurred, the most frequent first. */
export function countProblems(answers: readonly Answer[]): [string, number][] {
  const counts = new Map<string, number>();
  for (const { kind, problem } of answers) {
    if (problem === null) continue;
    const text = `${kind}: ${problem}`;
    counts.set(text, (counts.get(text) ?? 0) + 1);
  }
  return [...counts].sort((a, b) => b[1] - a[1]);
}

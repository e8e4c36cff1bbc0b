/** The length of a minute's count. */
export const MINUTE_MS = 60_000;

/** What was counted within a minute of the clock: events accepted, requests rejected, deliveries given up. */
export type MinuteCounts = Readonly<{ minuteMs: number; accepted: number; rejected: number; failed: number }>;

/** The minute that a time lies in. */
export function minuteOf(atMs: number): number {
  return Math.floor(atMs / MINUTE_MS) * MINUTE_MS;
}

/** All counts of each minute together, oldest first. */
export function sumByMinute(all: readonly MinuteCounts[]): MinuteCounts[] {
  const sums = new Map<number, MinuteCounts>();
  for (const { minuteMs, accepted, rejected, failed } of all) {
    const sum = sums.get(minuteMs) ?? { minuteMs, accepted: 0, rejected: 0, failed: 0 };
    sums.set(minuteMs, {
      minuteMs,
      accepted: sum.accepted + accepted,
      rejected: sum.rejected + rejected,
      failed: sum.failed + failed,
    });
  }
  return [...sums.values()].toSorted((a, b) => a.minuteMs - b.minuteMs);
}

/** What is known of one destination. */
export type SweepReading = Readonly<{
  /** Deliveries that have been pending and due for GRACE_MS or longer, counted up to QUEUED_ENOUGH. */
  due: number;
  /** Messages in the queue, taken ones included. */
  queued: number;
  /** Since when the longest due of them has been due, or null. */
  oldestDueAtMs: number | null;
  /** When the newest message that was taken had been published, or null. */
  takenUntilMs: number | null;
}>;

/** What the sweep remembers of it. */
export type SweepMemory = Readonly<{
  /** Where the last sweep ended, if what it republished was not all; null begins with the longest due. */
  after: string | null;
  /** When the sweep last republished anything, or began to sweep. */
  republishedAtMs: number;
}>;

export type SweepPlan =
  | Readonly<{ kind: 'rest' }>
  /** The queue has fewer messages than there are due deliveries. */
  | Readonly<{ kind: 'missing'; limit: number; untilMs: number; after: string | null }>
  /** Messages are taken that are much younger than a delivery that still waits: its own is lost. */
  | Readonly<{ kind: 'overtaken'; limit: number; untilMs: number; after: null }>;

/** A message may be under way for so long, and clocks may differ by so much. */
export const GRACE_MS = 2_000;
/** A queue that holds so many keeps everybody busy until the next sweep; also the most that one sweep republishes. */
export const QUEUED_ENOUGH = 10_000;

/**
 * Decides what to publish again. Counting tells that messages are missing, but not which: the longest due are the
 * likeliest, and a page of them after the other is. What guesses wrong is a message that does nothing, and counts as
 * queued until it is taken, so that a sweep never adds more than what is missing.
 */
export function planSweep(reading: SweepReading, memory: SweepMemory, nowMs: number): SweepPlan {
  const missing = Math.min(reading.due, QUEUED_ENOUGH) - reading.queued;
  if (missing > 0) {
    return { kind: 'missing', limit: missing, untilMs: nowMs - GRACE_MS, after: memory.after };
  }
  const { takenUntilMs, oldestDueAtMs } = reading;
  if (!isPastRepublished(takenUntilMs, memory)) return { kind: 'rest' };
  const untilMs = takenUntilMs - GRACE_MS;
  if (oldestDueAtMs === null || oldestDueAtMs > untilMs) return { kind: 'rest' };
  return { kind: 'overtaken', limit: QUEUED_ENOUGH, untilMs, after: null };
}

/**
 * Whether what was taken lies behind all that the sweep has put into the queue. Before, a delivery may still wait for
 * its second message, which was published long after it fell due.
 */
export function isPastRepublished(takenUntilMs: number | null, memory: SweepMemory): takenUntilMs is number {
  return takenUntilMs !== null && takenUntilMs > memory.republishedAtMs + GRACE_MS;
}

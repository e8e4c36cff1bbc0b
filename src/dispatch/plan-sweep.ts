/** What a sweep reads about one destination. */
export type SweepReading = Readonly<{
  /** Deliveries that have been pending and due for GRACE_MS or longer, counted up to QUEUED_ENOUGH. */
  due: number;
  /** Messages in the queue, taken ones included. */
  queued: number;
  /** When the longest due delivery fell due, or null. */
  oldestDueAtMs: number | null;
  /** When the newest message taken here had been published, or null. */
  takenUntilMs: number | null;
}>;

/** What the sweep remembers about it. */
export type SweepMemory = Readonly<{
  /** Where the last sweep ended, if more was left to republish; null begins with the longest due. */
  after: string | null;
  /** When the sweep last republished anything, or first ran. */
  republishedAtMs: number;
}>;

export type SweepPlan =
  | Readonly<{ kind: 'rest' }>
  /** The queue has fewer messages than there are due deliveries. */
  | Readonly<{ kind: 'missing'; limit: number; untilMs: number; after: string | null }>
  /** Messages much younger than a waiting delivery have been taken: its own message is lost. */
  | Readonly<{ kind: 'overtaken'; limit: number; untilMs: number; after: null }>;

/** Time that a message may be under way, and difference that clocks may have. */
export const GRACE_MS = 2_000;
/** Messages that keep all processes busy until the next sweep; also the most that one sweep republishes. */
export const QUEUED_ENOUGH = 10_000;

/**
 * Decides what to publish again. A count shows that messages are missing, but not which: the longest due deliveries are
 * the likeliest, page by page. A wrong guess is a message without effect. It counts as queued until it is taken, so a
 * sweep never adds more messages than are missing.
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
 * Whether the messages taken are newer than everything that the sweep has published. Until then a delivery may still
 * wait for its second message, which was published long after the delivery fell due.
 */
export function isPastRepublished(takenUntilMs: number | null, memory: SweepMemory): takenUntilMs is number {
  return takenUntilMs !== null && takenUntilMs > memory.republishedAtMs + GRACE_MS;
}

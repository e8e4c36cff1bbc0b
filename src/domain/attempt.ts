/** How one try ended. `interrupted`: the process or the lease died under it. */
export const ATTEMPT_OUTCOMES = ['succeeded', 'failed', 'rejected', 'timed_out', 'interrupted'] as const;
export type AttemptOutcome = (typeof ATTEMPT_OUTCOMES)[number];

/** One finished try of a delivery. Append-only. */
export type Attempt = Readonly<{
  /** 1 for the first. */
  number: number;
  startedAtMs: number;
  endedAtMs: number;
  outcome: AttemptOutcome;
  error: string | null;
  httpStatus: number | null;
  /** The beginning of what the destination answered, bounded by RESPONSE_EXCERPT_BYTES. */
  responseExcerpt: string | null;
}>;

export const RESPONSE_EXCERPT_BYTES = 1024;
export const ERROR_MESSAGE_CHARS = 1024;

/** Cuts a message to what an attempt row may hold. */
export function boundedError(message: string): string {
  return message.length <= ERROR_MESSAGE_CHARS ? message : `${message.slice(0, ERROR_MESSAGE_CHARS - 1)}…`;
}

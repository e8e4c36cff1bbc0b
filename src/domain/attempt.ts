/** How an attempt ended. `interrupted`: the process or the lease ended before the attempt did. */
export const ATTEMPT_OUTCOMES = ['succeeded', 'failed', 'rejected', 'timed_out', 'interrupted'] as const;
export type AttemptOutcome = (typeof ATTEMPT_OUTCOMES)[number];

/** A finished attempt of a delivery. Attempts are only ever appended. */
export type Attempt = Readonly<{
  /** 1 for the first. */
  number: number;
  startedAtMs: number;
  endedAtMs: number;
  outcome: AttemptOutcome;
  error: string | null;
  httpStatus: number | null;
  /** The beginning of the destination's response, at most RESPONSE_EXCERPT_BYTES. */
  responseExcerpt: string | null;
}>;

export const RESPONSE_EXCERPT_BYTES = 1024;
export const ERROR_MESSAGE_CHARS = 1024;

/** Cuts a message to the length that an attempt's row may have. */
export function boundedError(message: string): string {
  return message.length <= ERROR_MESSAGE_CHARS ? message : `${message.slice(0, ERROR_MESSAGE_CHARS - 1)}…`;
}

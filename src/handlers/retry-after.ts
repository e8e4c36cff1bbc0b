import { parseHttpDate } from './http-date.ts';

/** The longest wait that a destination or handler may ask for, so that one wrong value does not park work for years. */
export const RETRY_AFTER_LIMIT_MS = 24 * 60 * 60 * 1000;

const SECONDS = /^-?\d+$/;

/**
 * Parses a Retry-After header: seconds or an HTTP-date (RFC 9110, section 10.2.3).
 * @param value of a repeated header, the first value counts
 * @returns milliseconds from now: 0 for a past time or a negative number, at most RETRY_AFTER_LIMIT_MS; null when the
 *   header is missing or malformed
 */
export function parseRetryAfterMs(
  value: string | readonly string[] | undefined,
  nowMs: number,
): number | null {
  const text = (typeof value === 'string' ? value : value?.[0])?.trim();
  if (text === undefined) return null;
  if (SECONDS.test(text)) return capRetryAfterMs(Number(text) * 1000);
  const atMs = parseHttpDate(text, nowMs);
  return atMs === null ? null : capRetryAfterMs(atMs - nowMs);
}

/** Limits a wait to [0, RETRY_AFTER_LIMIT_MS], in whole milliseconds. */
export function capRetryAfterMs(waitMs: number): number {
  return Math.min(Math.max(Math.ceil(waitMs), 0), RETRY_AFTER_LIMIT_MS);
}

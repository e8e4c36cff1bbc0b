import { parseHttpDate } from './http-date.ts';

/** The longest wait that a destination or handler may ask for: one slip of theirs must not park work for years. */
export const RETRY_AFTER_LIMIT_MS = 24 * 60 * 60 * 1000;

const SECONDS = /^-?\d+$/;

/**
 * Reads a Retry-After header: seconds or an HTTP-date (RFC 9110, section 10.2.3).
 * @param value of a header that came more than once, the first counts
 * @returns milliseconds from now, 0 for what is past or negative, at most RETRY_AFTER_LIMIT_MS; null when the
 *   header is missing or neither form
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

/** Brings a wait into [0, RETRY_AFTER_LIMIT_MS], in whole milliseconds. */
export function capRetryAfterMs(waitMs: number): number {
  return Math.min(Math.max(Math.ceil(waitMs), 0), RETRY_AFTER_LIMIT_MS);
}

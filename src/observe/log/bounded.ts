import { messageOf } from '../../domain/errors.ts';

/** Longest strings in a log line: an error's message, and everything else. */
export const ERROR_CHARS = 512;
export const TEXT_CHARS = 256;
/** Characters of the details of a notice, as JSON. */
const DETAILS_CHARS = 2048;

/** Cuts a text to at most `chars`. */
export function bounded(text: string, chars = TEXT_CHARS): string {
  return text.length <= chars ? text : `${text.slice(0, chars - 1)}…`;
}

/** Secrets as libraries put them in messages: user info in URLs, bearer tokens, signing secrets. */
const SECRETS: readonly [RegExp, string][] = [
  [/\/\/[^\s/@]{1,256}@/g, '//[redacted]@'],
  [/\b(Bearer|Basic) [\w.~+/=-]+/gi, '$1 [redacted]'],
  [/\bwhsec_[\w+/=-]+/g, 'whsec_[redacted]'],
];

/** A text from outside the core, without what looks like a secret, and cut. */
export function scrubbed(text: string, chars = ERROR_CHARS): string {
  // Cut before the search too, so that a message of megabytes does not cost a search of megabytes.
  const start = text.slice(0, 2 * chars);
  return bounded(
    SECRETS.reduce((clean, [pattern, instead]) => clean.replace(pattern, instead), start),
    chars,
  );
}

const SECRET_NAMES = /secret|password|token|authorization|cookie|credential|api.?key|headers|payload|body$/i;

/** Details of a notice as they may be logged: no value under a name that means a secret, everything cut. */
export function boundedDetails(
  details: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> | string {
  const json = toJson(details);
  return json.length <= DETAILS_CHARS ? JSON.parse(json) : bounded(json, DETAILS_CHARS);
}

function toJson(details: Readonly<Record<string, unknown>>): string {
  try {
    return JSON.stringify(details, (name, value) => {
      if (SECRET_NAMES.test(name) && (typeof value === 'string' || isObject(value))) return '[redacted]';
      return typeof value === 'string' ? scrubbed(value) : value;
    });
  } catch {
    // A cycle or a BigInt: the notice itself must still be logged.
    return '"[details that JSON cannot hold]"';
  }
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null;
}

export type ErrorFields = Readonly<{
  error: string;
  error_code?: string;
  error_cause?: string;
  stack?: string;
}>;

/** An error in flat fields: its message, its code and its cause's message; the stack only on request. */
export function errorFields(error: unknown, withStack: boolean): ErrorFields {
  if (!(error instanceof Error)) return { error: scrubbed(messageOf(error)) };
  const { code } = error as { code?: unknown };
  return {
    error: scrubbed(messageOf(error)),
    ...(typeof code === 'string' && { error_code: bounded(code) }),
    ...(error.cause instanceof Error && { error_cause: scrubbed(messageOf(error.cause)) }),
    ...(withStack && error.stack !== undefined && { stack: scrubbed(error.stack, 4 * ERROR_CHARS) }),
  };
}

/** RFC 3339 UTC; undefined for null or an invalid time, since a log line must never throw. */
export function rfc3339(timeMs: number | null): string | undefined {
  if (timeMs === null || !(Math.abs(timeMs) <= 8.64e15)) return undefined;
  return new Date(timeMs).toISOString();
}

/** Milliseconds with at most three decimals. */
export function roundedMs(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}

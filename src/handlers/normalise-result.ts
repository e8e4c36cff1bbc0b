import { boundedError } from '../domain/attempt.ts';
import { PermanentError, RetryAfter } from '../domain/errors.ts';
import type { TryResult } from '../domain/settlement.ts';
import { DestinationError, type HandlerReply } from './handler.ts';
import { printable } from './printable.ts';
import { capRetryAfterMs } from './retry-after.ts';
import { describeThrown } from './thrown.ts';

const NO_REPLY: HandlerReply = { httpStatus: null, responseExcerpt: null };

/** Codes of Node.js for a connection that could not be made, or did not last: https://nodejs.org/api/errors.html */
const CONNECTION_CODES: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ETIMEDOUT',
]);

/** Makes the result of a handler that returned. */
export function resultOfReply(reply: HandlerReply | undefined): TryResult {
  const { httpStatus, responseExcerpt } = reply ?? NO_REPLY;
  return { outcome: 'succeeded', error: null, httpStatus, responseExcerpt, retryAfterMs: null };
}

/**
 * Makes the result of a handler that threw. Users' code may throw any value.
 * @param attempt whether the attempt had timed out, which then is the cause of any later error
 */
export function resultOfError(
  error: unknown,
  attempt: Readonly<{ timedOut: boolean; timeoutMs: number }>,
): TryResult {
  if (attempt.timedOut) return failure('timed_out', `no result within ${attempt.timeoutMs / 1000} s`);
  try {
    return resultOfThrown(error);
  } catch {
    // An object whose getters throw. An error that cannot be read is not permanent.
    return failure('failed', describeThrown(error));
  }
}

function resultOfThrown(error: unknown): TryResult {
  if (error instanceof DestinationError) return resultOfDestination(error);
  const message = describeThrown(error);
  if (isKind(error, PermanentError, 'HANDLER_PERMANENT')) return failure('rejected', message);
  const result = failure('failed', message);
  if (isKind(error, RetryAfter, 'HANDLER_RETRY_AFTER')) return { ...result, retryAfterMs: waitOf(error) };
  return isConnectionError(error) ? { ...result, isUnanswered: true } : result;
}

function isConnectionError(error: unknown): boolean {
  if (!(error instanceof Error) || !('code' in error)) return false;
  return typeof error.code === 'string' && CONNECTION_CODES.has(error.code);
}

function resultOfDestination(error: DestinationError): TryResult {
  const { permanent, reply, retryAfterMs } = error;
  const failed = failure(permanent ? 'rejected' : 'failed', error.message);
  const result: TryResult = reply.httpStatus === null ? { ...failed, isUnanswered: true } : failed;
  if (retryAfterMs === null) return { ...result, ...reply };
  return { ...result, ...reply, leastRetryMs: capRetryAfterMs(retryAfterMs) };
}

function failure(outcome: TryResult['outcome'], message: string): TryResult {
  // Users may throw unpaired surrogates, and the cut may leave one.
  const error = boundedError(printable(message)).toWellFormed();
  return { outcome, error, ...NO_REPLY, retryAfterMs: null };
}

/** Compares class and code: a user's module may have loaded another copy of the package, with other classes. */
function isKind(error: unknown, kind: new (...args: never[]) => Error, code: string): error is object {
  if (error instanceof kind) return true;
  return error instanceof Error && 'code' in error && error.code === code;
}

function waitOf(error: object): number | null {
  const seconds = 'seconds' in error ? error.seconds : null;
  return typeof seconds === 'number' && seconds >= 0 ? capRetryAfterMs(seconds * 1000) : null;
}

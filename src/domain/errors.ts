/** Codes are stable: logs, metrics and callers go by them, never by the message. */
export const STORE_ERROR_CODES = [
  'STORE_FULL',
  'STORE_BUSY',
  'STORE_UNAVAILABLE',
  'STORE_IO',
  'STORE_CORRUPT',
  'STORE_CLOSED',
  'STORE_LOCKED',
  'STORE_SCHEMA',
  'STORE_UNSAFE',
  'STORE_INTERNAL',
] as const;
export type StoreErrorCode = (typeof STORE_ERROR_CODES)[number];

/** The store could not do what it was asked. Nothing of the operation is visible. */
export class StoreError extends Error {
  override readonly name = 'StoreError';
  readonly code: StoreErrorCode;
  constructor(code: StoreErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** Wrong configuration. `problems` has one line each: the name, what it got, what it takes. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly code = 'CONFIG_INVALID';
  readonly problems: readonly string[];
  constructor(problems: readonly string[]) {
    const count = problems.length === 1 ? '1 mistake' : `${problems.length} mistakes`;
    super(`The configuration has ${count}:\n${problems.map((line) => `  - ${line}`).join('\n')}`);
    this.problems = problems;
  }
}

/** Thrown by a handler: trying again is pointless, the delivery fails at once. */
export class PermanentError extends Error {
  override readonly name = 'PermanentError';
  readonly code = 'HANDLER_PERMANENT';
}

/** Thrown by a handler: try again, but not before this many seconds. Still counts as a try. */
export class RetryAfter extends Error {
  override readonly name = 'RetryAfter';
  readonly code = 'HANDLER_RETRY_AFTER';
  readonly seconds: number;
  constructor(seconds: number, message = `retry after ${seconds} s`, options?: ErrorOptions) {
    super(message, options);
    if (!Number.isFinite(seconds) || seconds < 0) {
      throw new RangeError(`RetryAfter takes a number of seconds of 0 or more, got ${seconds}`);
    }
    this.seconds = seconds;
  }
}

/** Told to a handler that completes its delivery: another claim has it now, and what was written is rolled back. */
export class LeaseLost extends Error {
  override readonly name = 'LeaseLost';
  readonly code = 'HANDLER_LEASE_LOST';
  constructor(options?: ErrorOptions) {
    super('the lease is held by another claim: what the transaction wrote is rolled back', options);
  }
}

/** A handler uses its transaction in a way that it does not bear. What was written is rolled back unless the message says so. */
export class TransactionError extends Error {
  override readonly name = 'TransactionError';
  readonly code = 'HANDLER_TRANSACTION';
}

/** What to show of an unknown thrown value: its message, never its stack. */
export function messageOf(error: unknown): string {
  if (error instanceof Error) return error.message === '' ? error.name : error.message;
  return String(error);
}

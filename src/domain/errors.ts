/** Codes are stable: logs, metrics and callers rely on the code, never on the message. */
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

/** The store failed. Nothing of the operation is visible. */
export class StoreError extends Error {
  override readonly name = 'StoreError';
  readonly code: StoreErrorCode;
  constructor(code: StoreErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** The configuration is wrong. `problems` has a line for each mistake: the name, the value, what is expected. */
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

/** Thrown by a handler: another attempt would be pointless, so the delivery fails at once. */
export class PermanentError extends Error {
  override readonly name = 'PermanentError';
  readonly code = 'HANDLER_PERMANENT';
}

/** Thrown by a handler: try again, but not before this many seconds. Counts as an attempt. */
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

/** Thrown to a handler that completes its delivery when another claim holds the lease: its writes are rolled back. */
export class LeaseLost extends Error {
  override readonly name = 'LeaseLost';
  readonly code = 'HANDLER_LEASE_LOST';
  constructor(options?: ErrorOptions) {
    super('the lease is held by another claim: what the transaction wrote is rolled back', options);
  }
}

/** A handler misused its transaction. Its writes are rolled back unless the message says otherwise. */
export class TransactionError extends Error {
  override readonly name = 'TransactionError';
  readonly code = 'HANDLER_TRANSACTION';
}

/** The text to show for an unknown thrown value: its message, never its stack. */
export function messageOf(error: unknown): string {
  if (error instanceof Error) return error.message === '' ? error.name : error.message;
  return String(error);
}

import { StoreError, type StoreErrorCode } from '../../domain/errors.ts';

/** SQLSTATE of a write on a server that takes none: a standby, or a primary that was demoted. */
export const READ_ONLY = '25006';

/** SQLSTATEs, https://www.postgresql.org/docs/current/errcodes-appendix.html, whole or by their class. */
const CODES: Readonly<Record<string, StoreErrorCode>> = {
  '08': 'STORE_UNAVAILABLE', // connection exception
  [READ_ONLY]: 'STORE_UNAVAILABLE',
  '28': 'STORE_UNAVAILABLE', // authorization
  '3D': 'STORE_UNAVAILABLE', // no such database
  '40': 'STORE_BUSY', // rolled back for the sake of another transaction
  '42501': 'STORE_UNAVAILABLE', // no privilege
  '42P01': 'STORE_SCHEMA', // no such table
  '42703': 'STORE_SCHEMA', // no such column
  '53100': 'STORE_FULL',
  '53': 'STORE_UNAVAILABLE', // out of connections or memory
  '55P03': 'STORE_BUSY', // lock timeout
  '57014': 'STORE_BUSY', // statement timeout
  '57': 'STORE_UNAVAILABLE', // shut down, crashed, starting up
  '58': 'STORE_IO',
  XX001: 'STORE_CORRUPT',
  XX002: 'STORE_CORRUPT',
};

const ADVICE: Readonly<Partial<Record<StoreErrorCode, string>>> = {
  STORE_UNAVAILABLE:
    'check that PostgreSQL runs and that DATABASE_URL leads to it; work goes on when it is back',
  STORE_BUSY: 'PostgreSQL rolled back in favour of another transaction, or took too long; try again',
  STORE_FULL: "the server's disk is full: free space, nothing that was acknowledged is lost",
  STORE_IO: "the server's disk refused a read or a write: see its log",
  STORE_CORRUPT: "the server's files are damaged: see its log, and restore a backup",
  STORE_SCHEMA: 'a table of the schema is missing: was the database changed by hand?',
};

/** Turns what the client threw into a StoreError that says what to do. */
export function toStoreError(error: unknown): StoreError {
  if (error instanceof StoreError) return error;
  if (isRefusalOfSettings(error)) return poolerOnTheWay(error);
  const code = codeOf(error);
  const message = code === 'STORE_UNAVAILABLE' ? awayBecause(error) : describe(error);
  const advice = ADVICE[code];
  return new StoreError(code, advice === undefined ? message : `${message}; ${advice}`, { cause: error });
}

/** A pooler where the URL should lead to the database itself. */
export function poolerOnTheWay(cause?: unknown): StoreError {
  return new StoreError(
    'STORE_UNSAFE',
    'a pooler is on the way, and it does not pass on the settings of a session: ' +
      'set DATABASE_DIRECT_URL too, to the database itself, and give options of a URL to the role (ALTER ROLE)',
    { cause },
  );
}

/** A pooler that does not ignore the settings of a session refuses to connect. PostgreSQL has other words for what it refuses. */
function isRefusalOfSettings(error: unknown): boolean {
  const { message } = error as { message?: unknown };
  return (
    typeof message === 'string' &&
    /^unsupported (options )?startup parameter|command-line options/.test(message)
  );
}

/** Errors that lie in the storage, not in one operation: then the whole batch fails as one. */
export function isStorageFailure(error: StoreError): boolean {
  return error.code !== 'STORE_INTERNAL';
}

/** Whether the server answered with that SQLSTATE. */
export function hasState(error: unknown, state: string): boolean {
  return sqlState(error instanceof StoreError ? error.cause : error) === state;
}

/** A statement that was rolled back in favour of another one can be sent again. */
export function isSerializationFailure(error: unknown): boolean {
  const code = sqlState(error);
  return code === '40P01' || code === '40001';
}

/** What the program throws where the server would refuse the first write. */
export function readOnlyRefusal(): Error {
  return Object.assign(new Error('the server takes no writes: it is a standby, or read-only'), {
    code: READ_ONLY,
  });
}

/** Whether the server is there and takes no connections yet, or none any more. */
export function isStarting(state: string): boolean {
  return state.startsWith('57P');
}

/** Without an answer from the server, it is unknown whether the statement was committed. */
export function isOutcomeUnknown(error: unknown): boolean {
  const code = sqlState(error);
  return code === null || code.startsWith('08') || code.startsWith('57P');
}

/** A statement was given up because no answer came in time. */
export class TimeoutError extends Error {
  constructor(timeoutMs: number) {
    super(`no answer within ${timeoutMs} ms`);
  }
}

export function isTimeoutError(error: unknown): boolean {
  return error instanceof TimeoutError;
}

function codeOf(error: unknown): StoreErrorCode {
  const state = sqlState(error);
  // An error without SQLSTATE comes from the network, unless it is a defect of the program.
  if (state === null)
    return PROGRAM_ERRORS.some((kind) => error instanceof kind) ? 'STORE_INTERNAL' : 'STORE_UNAVAILABLE';
  return CODES[state] ?? CODES[state.slice(0, 2)] ?? 'STORE_INTERNAL';
}

const PROGRAM_ERRORS = [TypeError, RangeError, ReferenceError, SyntaxError];

/** No SQLSTATE begins with an E, and some of the system's codes have five letters too: EPIPE. */
export function sqlState(error: unknown): string | null {
  const { code } = (error ?? {}) as { code?: unknown };
  return typeof code === 'string' && /^[0-9A-DF-Z][0-9A-Z]{4}$/.test(code) ? code : null;
}

/** Senders see why their event was not stored, but not the database's address or role, which are in the cause. */
function awayBecause(error: unknown): string {
  const { code } = error as { code?: unknown };
  return `PostgreSQL cannot be used now${typeof code === 'string' ? ` (${code})` : ''}`;
}

/** All details of a failure, for the operator who starts the program. */
export function describeCause(error: unknown): string {
  const failure = toStoreError(error);
  return failure.code === 'STORE_UNAVAILABLE'
    ? `${describe(failure.cause)}; ${ADVICE[failure.code]}`
    : failure.message;
}

/** A refused connection to a name with several addresses is an AggregateError without a message. */
export function describe(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(describe).join(', ');
  const { message, code } = error as { message?: string; code?: string };
  return message || code || String(error);
}

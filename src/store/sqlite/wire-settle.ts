import type { Attempt } from '../../domain/attempt.ts';
import type { Settlement } from '../../domain/settlement.ts';
import type { Operation } from '../store.ts';
import type { Write } from './writes.ts';

/** The first value of a row that is a settlement; that of an insert is a number. */
const SETTLE = 'settle';
const COMPLETED: Settlement = { kind: 'completed' };

/** A settlement as one flat row, for the same reason as an insert: every delivery has one. */
export function packSettle({ args }: Operation<'settle'>): unknown[] {
  const [lease, settlement, attempt, nowMs] = args;
  return [
    SETTLE,
    lease.deliveryId,
    lease.token,
    lease.untilMs,
    lease.orderKey,
    // The others are rare, and cross as they are.
    settlement.kind === 'completed' ? null : settlement,
    nowMs,
    ...(attempt === null ? [] : packAttempt(attempt)),
  ];
}

export function isSettle(row: readonly unknown[]): boolean {
  return row[0] === SETTLE;
}

/** In the writer thread: the settlement as the verb takes it. */
export function unpackSettle(row: readonly unknown[]): Write<'settle'> {
  const lease = {
    deliveryId: row[1] as string,
    token: row[2] as string,
    untilMs: row[3] as number,
    orderKey: row[4] as string | null,
  };
  const settlement = (row[5] as Settlement | null) ?? COMPLETED;
  return { method: SETTLE, args: [lease, settlement, unpackAttempt(row, 7), row[6] as number] };
}

function packAttempt(attempt: Attempt): unknown[] {
  const { number, startedAtMs, endedAtMs, outcome, error, httpStatus, responseExcerpt } = attempt;
  return [number, startedAtMs, endedAtMs, outcome, error, httpStatus, responseExcerpt];
}

function unpackAttempt(row: readonly unknown[], at: number): Attempt | null {
  if (row.length === at) return null;
  return {
    number: row[at] as number,
    startedAtMs: row[at + 1] as number,
    endedAtMs: row[at + 2] as number,
    outcome: row[at + 3] as Attempt['outcome'],
    error: row[at + 4] as string | null,
    httpStatus: row[at + 5] as number | null,
    responseExcerpt: row[at + 6] as string | null,
  };
}

import { createHash } from 'node:crypto';
import type { Attempt } from '../domain/attempt.ts';
import { type Failure, failureClassOf } from '../domain/failure-class.ts';
import { normalError } from '../domain/normal-error.ts';
import type { Settlement } from '../domain/settlement.ts';

/** Groups of a destination that are told apart; the rest is one group more. */
export const MAX_FAILURE_GROUPS = 200;

/** Hexadecimal digits of a group's name: 64 bits. */
const DIGITS = 16;

/** The name of the group of failures that have the class, the status and the normal form of the texts in common. */
export function failureGroupOf(failure: Failure): string {
  const { error, httpStatus, responseExcerpt } = failure;
  const parts = [
    failureClassOf(failure),
    httpStatus,
    normalError(error ?? ''),
    // What was answered says why, such as which of two services behind one gateway is down.
    normalError(responseExcerpt ?? ''),
  ];
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, DIGITS);
}

/** The group of a delivery that fails for good by this settlement; null for every other one. */
export function groupAfter(settlement: Settlement, attempt: Attempt | null): string | null {
  if (settlement.kind !== 'failed') return null;
  const { outcome = 'failed', httpStatus = null, responseExcerpt = null } = attempt ?? {};
  return failureGroupOf({ outcome, error: settlement.error, httpStatus, responseExcerpt });
}

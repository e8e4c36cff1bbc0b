import type { DatabaseSync } from 'node:sqlite';
import type { Answer, Operation } from '../store.ts';
import { auditReads } from './audit.ts';
import { browseReads } from './browse.ts';
import { cleanupReads } from './cleanups.ts';
import { configurationReads } from './configuration.ts';
import { destinationReads } from './destinations.ts';
import { dueReads } from './due.ts';
import { duplicatesReads } from './duplicates.ts';
import { erasableReads } from './erasable.ts';
import { failureReads } from './failures.ts';
import { minuteReads } from './minutes.ts';
import { operationReads } from './operations.ts';
import { orderReads } from './order.ts';
import { rejectedReads } from './rejected.ts';
import { sourceStateReads } from './source-state.ts';

/** The port's methods that the reader thread answers. */
export const READS = {
  ...browseReads,
  ...duplicatesReads,
  ...erasableReads,
  ...dueReads,
  ...failureReads,
  ...orderReads,
  ...rejectedReads,
  ...sourceStateReads,
  ...cleanupReads,
  ...auditReads,
  ...destinationReads,
  ...configurationReads,
  ...operationReads,
  ...minuteReads,
};

export type ReadName = keyof typeof READS;
export type Read = Operation<ReadName>;

/** Prepares all questions on the connection. @returns answers one of them */
export function prepareReads(db: DatabaseSync): (read: Read) => Answer<ReadName> {
  const verbs = Object.fromEntries(
    Object.entries(READS).map(([name, prepare]) => [name, prepare(db)]),
  ) as Readonly<Record<ReadName, (...args: readonly unknown[]) => Answer<ReadName>>>;
  return ({ method, args }) => verbs[method](...args);
}

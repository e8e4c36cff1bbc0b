import {
  type BulkOperation,
  counted,
  countNames,
  planFailed,
  SAMPLE_MAX,
  withTargets,
} from '../domain/operation.ts';
import { readFilter } from '../filter/read-filter.ts';
import type { Clock } from '../runtime/clock.ts';
import type { OperationLease, OperationStore } from '../store/store.ts';
import { type FindParts, findTargets, type Portion } from './find-targets.ts';
import { LEASE_MS } from './lease.ts';

export type CountParts = FindParts &
  Readonly<{ store: FindParts['store'] & Pick<OperationStore, 'addTargets'>; clock: Clock }>;

/**
 * Finds the targets of an operation, portion by portion, and keeps each with how far the search has come.
 * @returns the operation, or null when the lease is lost
 */
export async function countPlan(
  parts: CountParts,
  lease: OperationLease,
  operation: BulkOperation,
  signal: AbortSignal,
): Promise<BulkOperation | null> {
  const { store, clock } = parts;
  const keep = async (targets: readonly string[], next: BulkOperation) => {
    const kept = await store.addTargets(lease, targets, next, clock.nowMs() + LEASE_MS);
    return kept === 'lost' ? null : next;
  };
  const reading = readFilter(operation.filter);
  if (reading.kind === 'mistaken') {
    return keep([], planFailed(operation, 'this version does not read the filter', clock.nowMs()));
  }
  for (let current = operation; ; ) {
    signal.throwIfAborted();
    const portion = await findTargets(parts, current, reading.filter, signal);
    const next = withPortion(current, portion);
    const isLast = portion.cursor === null;
    const kept = await keep(
      portion.found.map(({ id }) => id),
      isLast ? counted(next, clock.nowMs()) : next,
    );
    if (kept === null || isLast) return kept;
    current = kept;
  }
}

function withPortion(operation: BulkOperation, portion: Portion): BulkOperation {
  const { found, leftOut, cursor, scanned, searchedToMs } = portion;
  const { search, sample, destinations } = operation;
  return withTargets(operation, {
    targets: found.length,
    search: {
      cursor,
      scanned: search.scanned + scanned,
      searchedToMs: searchedToMs ?? search.searchedToMs,
    },
    leftOut: countNames(operation.leftOut, leftOut),
    sample: [...sample, ...found.slice(0, SAMPLE_MAX - sample.length)],
    destinations: countNames(
      destinations,
      found.flatMap(({ destination }) => destination ?? operation.to ?? []),
    ),
  });
}

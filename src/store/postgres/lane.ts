import { type Clock, monotonicMs, systemClock } from '../../runtime/clock.ts';
import { Batcher, type Commit, isolateFailures } from '../batcher.ts';
import type { StoreObserver } from '../store.ts';
import { isStorageFailure, toStoreError } from './store-failure.ts';

/** Takes operations of one kind and resolves each with its own durable result. */
export type Lane<Operation, Result> = Pick<Batcher<Operation, Result>, 'submit' | 'drain'>;

export type LaneOptions<Operation, Result> = Readonly<{
  commit: Commit<Operation, Result>;
  /** Bytes that an operation adds to a statement beside its fixed columns. */
  weigh?: (operation: Operation) => number;
  /** Most operations in one statement. */
  maxBatch?: number;
  /** Most bytes in one statement, as `weigh` counts them. */
  maxBatchBytes?: number;
  /** Statements that may be under way at once. */
  maxInFlight?: number;
  /** How long a statement is under way before a second one may be sent beside it. */
  aloneMs?: number;
  clock?: Clock;
}>;

const MAX_BATCH_BYTES = 16 * 1024 * 1024;
const MAX_BATCH = 512;
/** A statement has a fixed cost, so few large ones are best, but one that waits for a sync must not hold up the next. */
const IN_FLIGHT = 2;

export function createLane<Operation, Result>({
  commit,
  weigh = () => 0,
  maxBatch = MAX_BATCH,
  maxBatchBytes = MAX_BATCH_BYTES,
  maxInFlight = IN_FLIGHT,
  aloneMs,
  clock = systemClock,
}: LaneOptions<Operation, Result>): Lane<Operation, Result> {
  return new Batcher<Operation, Result>({
    commit,
    maxBatch,
    maxBatchBytes,
    weigh,
    maxInFlight,
    ...(aloneMs !== undefined && { alone: { clock, ms: aloneMs } }),
  });
}

/** After a failure that is not the storage's the operations are committed one by one, so that only the culprit fails. */
export function failingAlone<Operation, Result>(
  commit: Commit<Operation, Result>,
): Commit<Operation, Result> {
  const withStoreErrors: Commit<Operation, Result> = async (batch) => {
    try {
      return await commit(batch);
    } catch (error) {
      throw toStoreError(error);
    }
  };
  return isolateFailures(withStoreErrors, isStorageFailure);
}

/** Commits the parts of a batch one after the other. A part that fails costs only its own operations. */
export function inParts<Operation, Result>(
  split: (batch: readonly Operation[]) => readonly (readonly Operation[])[],
  commit: Commit<Operation, Result>,
): Commit<Operation, Result> {
  return async (batch) => {
    const parts = split(batch);
    if (parts.length === 1) return commit(batch);
    const results: (Result | Error)[] = [];
    for (const part of parts) {
      results.push(...(await commit(part).catch((error: Error) => part.map(() => error))));
    }
    return results;
  };
}

/**
 * Splits a batch, in its order.
 * @param startPart makes the question of a new part: whether the next operation still fits into it. The first one of a
 *   part always does.
 */
export function splitBatch<Operation>(
  batch: readonly Operation[],
  startPart: () => (operation: Operation) => boolean,
): (readonly Operation[])[] {
  const parts: Operation[][] = [[]];
  let fits = startPart();
  for (const operation of batch) {
    if (!fits(operation) && parts.at(-1)!.length > 0) {
      parts.push([]);
      fits = startPart();
      fits(operation);
    }
    parts.at(-1)!.push(operation);
  }
  return parts;
}

/** Parts that have no key twice. */
export function splitAtRepeats<Operation>(
  batch: readonly Operation[],
  keysOf: (operation: Operation) => readonly string[],
): (readonly Operation[])[] {
  return splitBatch(batch, () => {
    const keys = new Set<string>();
    return (operation) => {
      const own = keysOf(operation);
      const isNew = own.every((key) => !keys.has(key));
      for (const key of own) keys.add(key);
      return isNew;
    };
  });
}

/** Does the commit of so many operations, and tells the observer how long it took unless it fails. */
export type Timed = <T>(operations: number, work: () => Promise<T>) => Promise<T>;

export function createTimed({ onCommit }: StoreObserver): Timed {
  return async (operations, work) => {
    const startedMs = monotonicMs();
    const result = await work();
    onCommit?.(operations, monotonicMs() - startedMs);
    return result;
  };
}

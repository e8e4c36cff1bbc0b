import type { StoreError } from '../../domain/errors.ts';
import { orderKeyOf } from '../../domain/order.ts';
import { monotonicMs, systemClock } from '../../runtime/clock.ts';
import { GroupCommit } from '../group-commit.ts';
import type { StoreObserver } from '../store.ts';
import { acceptBatch } from './accept.ts';
import type { Backlog } from './backlog.ts';
import { claimAll } from './claim.ts';
import { claimAllByIds } from './claim-by-ids.ts';
import type { Database, Query } from './database.ts';
import { readViews } from './event-view.ts';
import { extendAll } from './extend.ts';
import type { Answers, OperationKind, OperationOf } from './operations.ts';
import { releaseKey } from './order.ts';
import { createUnderLocks, partByKeys, type UnderLocks } from './order-locks.ts';
import { replayDelivery } from './replay.ts';
import { orderKeysOf, STATUS_AFTER, settleAll } from './settle.ts';
import { isOutcomeUnknown, isStorageFailure, toStoreError } from './store-failure.ts';
import { createUnsure, type Unsure } from './unsure.ts';

/** Does operations of one kind that may go together, and answers in their order, with an Error for one that failed. */
export type Lane<Kind extends OperationKind> = (
  group: readonly OperationOf<Kind>[],
) => Promise<readonly (Answers[Kind] | Error)[]>;
export type Lanes = Readonly<{ [Kind in OperationKind]: Lane<Kind> }>;

const MAX_BATCH_BYTES = 16 * 1024 * 1024;
const MAX_BATCH = 512;
/** Statements cost beside their rows, so few large ones are best, unless one has to wait for the disk or a replica. */
const IN_FLIGHT = 2;
/** How long a statement is alone before a second one of its kind is sent. */
const ALONE_MS = 10;

/** The ways from operations to statements. Groups of a kind that come at the same time share statements further. */
export function createLanes(database: Database, backlog: Backlog, observer: StoreObserver): Lanes {
  const { query } = database;
  const timed = async <T>(operations: number, work: () => Promise<T>): Promise<T> => {
    const startedMs = monotonicMs();
    const result = await work();
    observer.onCommit?.(operations, monotonicMs() - startedMs);
    return result;
  };

  const underLocks = createUnderLocks(database);
  const accept: Work<'insert'> = inParts(insertKeysOf, (batch) =>
    timed(batch.length, () => acceptBatch(query, underLocks, batch, backlog)),
  );
  const insert = gather<'insert'>(
    inTurnWhenTight(backlog, (batch) => onlyCulpritsFail(accept, batch)),
    MAX_BATCH,
    ({ event }) => event.body.length,
  );
  /** What is leased is no longer pending, however it was asked for. */
  const claimCounted = <Request, Outcome extends Readonly<{ leased: readonly unknown[] }>>(
    claim: (query: Query, requests: readonly Request[]) => Promise<readonly Outcome[]>,
    group: readonly Readonly<{ request: Request }>[],
  ) =>
    timed(group.length, async () => {
      const requests = group.map(({ request }) => request);
      const outcomes = await claim(query, requests);
      for (const { leased } of outcomes) backlog.changed(-leased.length);
      return outcomes;
    });
  const unsure = createUnsure(query);
  const settle = gather<'settle'>(
    inParts(settleKeysOf, (batch) =>
      timed(batch.length, () => settleCounted(underLocks, batch, backlog, unsure)),
    ),
    MAX_BATCH,
    ({ attempt }) => attempt?.responseExcerpt?.length ?? 0,
  );
  const extend = gather<'extend'>(
    (batch) => timed(batch.length, () => extendAll(query, batch)),
    MAX_BATCH,
    () => 0,
  );
  return {
    insert,
    settle,
    extend,
    claim: (group) => claimCounted(claimAll, group),
    claimByIds: (group) => claimCounted(claimAllByIds, group),
    replay: ([operation]) =>
      timed(1, async () => {
        const { deliveryId, nowMs } = operation!;
        const outcome = await database.transaction((within) =>
          replayDelivery(within, deliveryId, nowMs, backlog.limit),
        );
        if (outcome.kind === 'replayed') backlog.changed(1);
        return [outcome];
      }),
    releaseKey: ([operation]) =>
      timed(1, async () => {
        const { destination, orderKey } = operation!;
        const keys = new Set([orderKey]);
        return [await underLocks(keys, (within) => releaseKey(within, destination, orderKey))];
      }),
    view: (group) =>
      readViews(
        query,
        group.map(({ eventId }) => eventId),
      ),
  };
}

async function settleCounted(
  underLocks: UnderLocks,
  batch: readonly OperationOf<'settle'>[],
  backlog: Backlog,
  unsure: Unsure,
) {
  const settling = underLocks(orderKeysOf(batch), (query) => settleAll(query, batch));
  const first = await settling.catch((error: StoreError) => {
    if (isOutcomeUnknown(error.cause)) unsure.remember(batch);
    throw error;
  });
  const outcomes = await unsure.resolve(batch, first);
  for (const [at, { settlement }] of batch.entries()) {
    if (outcomes[at] === 'settled' && STATUS_AFTER[settlement.kind] === 'pending') backlog.changed(1);
  }
  return outcomes;
}

type Work<Kind extends OperationKind> = (
  batch: readonly OperationOf<Kind>[],
) => Promise<readonly (Answers[Kind] | Error)[]>;

const insertKeysOf = ({ destinations }: OperationOf<'insert'>) =>
  destinations.flatMap((addressee) => orderKeyOf(addressee) ?? []);
const settleKeysOf = ({ lease }: OperationOf<'settle'>) => (lease.orderKey === null ? [] : [lease.orderKey]);

/** So that no transaction has too many order keys. What one part could not do is told of its own operations alone. */
function inParts<Kind extends OperationKind>(
  keysOf: (operation: OperationOf<Kind>) => readonly string[],
  work: Work<Kind>,
): Work<Kind> {
  return async (batch) => {
    const parts = partByKeys(batch, keysOf);
    if (parts.length === 1) return work(batch);
    const answers: (Answers[Kind] | Error)[] = [];
    for (const part of parts)
      answers.push(...(await work(part).catch((error: Error) => part.map(() => error))));
    return answers;
  };
}

/** Near the limit one statement waits for the other, so that each sees what the one before has left. */
function inTurnWhenTight(backlog: Backlog, work: Work<'insert'>): Work<'insert'> {
  let last: Promise<unknown> = Promise.resolve();

  const carefully = async (batch: readonly OperationOf<'insert'>[], before: Promise<unknown>) => {
    await before;
    const answers: (Answers['insert'] | Error)[] = [];
    for (const part of partsOf(batch, backlog.carefulSize)) {
      answers.push(...(await work(part).catch((error: Error) => part.map(() => error))));
    }
    return answers;
  };
  return async (batch) => {
    const more = deliveriesOf(batch);
    const own = backlog.isTight(more) ? carefully(batch, last) : work(batch);
    last = Promise.allSettled([last, own]);
    backlog.underWay(more);
    try {
      return await own;
    } finally {
      backlog.underWay(-more);
    }
  };
}

function partsOf(batch: readonly OperationOf<'insert'>[], size: number): OperationOf<'insert'>[][] {
  const parts: OperationOf<'insert'>[][] = [];
  let deliveries = Number.POSITIVE_INFINITY;
  for (const insert of batch) {
    deliveries += insert.destinations.length;
    if (deliveries > size) {
      parts.push([]);
      deliveries = insert.destinations.length;
    }
    parts.at(-1)!.push(insert);
  }
  return parts;
}

function deliveriesOf(batch: readonly OperationOf<'insert'>[]): number {
  return batch.reduce((sum, { destinations }) => sum + destinations.length, 0);
}

/** A lane of statements under way; what arrives meanwhile shares the next one. */
function gather<Kind extends OperationKind>(
  work: Work<Kind>,
  maxBatch: number,
  weigh: (operation: OperationOf<Kind>) => number,
): Lane<Kind> {
  const commits = new GroupCommit<OperationOf<Kind>, Answers[Kind]>({
    commit: (batch) => onlyCulpritsFail(work, batch),
    maxBatch,
    maxBatchBytes: MAX_BATCH_BYTES,
    weigh,
    maxInFlight: IN_FLIGHT,
    alone: { clock: systemClock, ms: ALONE_MS },
  });
  return (group) =>
    Promise.all(group.map((operation) => commits.submit(operation).catch((error: Error) => error)));
}

/**
 * A failure of the storage fails the whole batch. A failure of one operation must not cost its neighbours their
 * commit: then each is done by itself, and only the culprit fails.
 */
async function onlyCulpritsFail<Kind extends OperationKind>(
  work: Work<Kind>,
  batch: readonly OperationOf<Kind>[],
): Promise<readonly (Answers[Kind] | Error)[]> {
  try {
    return await work(batch);
  } catch (thrown) {
    const error = toStoreError(thrown);
    if (batch.length === 1 || isStorageFailure(error)) throw error;
    const answers: (Answers[Kind] | Error)[] = [];
    for (const operation of batch) {
      answers.push(await work([operation]).then(([answer]) => answer!, toStoreError));
    }
    return answers;
  }
}

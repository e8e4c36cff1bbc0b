import type { StoreError } from '../../domain/errors.ts';
import { orderKeysOf } from '../../domain/order.ts';
import { monotonicMs } from '../../runtime/clock.ts';
import type { InsertOutcome, StoreObserver } from '../store.ts';
import { acceptBatch } from './accept.ts';
import type { Backlog } from './backlog.ts';
import { claimAll } from './claim.ts';
import { claimAllByIds } from './claim-by-ids.ts';
import type { Query } from './database.ts';
import type { Databases } from './databases.ts';
import { readViews } from './event-view.ts';
import { extendAll } from './extend.ts';
import { gather, type Lane, onlyCulpritsFail, type Work } from './gather.ts';
import { createInDoubt, type InDoubt } from './in-doubt.ts';
import { inParts, inTurnWhenTight } from './in-parts.ts';
import type { OperationKind, OperationOf } from './operations.ts';
import { releaseKey } from './order.ts';
import { createUnderLocks, type UnderLocks } from './order-locks.ts';
import { replayDelivery } from './replay.ts';
import { keysToPass, STATUS_AFTER, settleAll } from './settle.ts';
import { isOutcomeUnknown } from './store-failure.ts';

export type Lanes = Readonly<{ [Kind in OperationKind]: Lane<Kind> }>;

/**
 * The ways from operations to statements. Groups of a kind that come at the same time share statements further.
 * @param announce called when deliveries have become due at once
 */
export function createLanes(
  { interactive, background }: Databases,
  backlog: Backlog,
  observer: StoreObserver,
  announce: () => void,
): Lanes {
  const timed = async <T>(operations: number, work: () => Promise<T>): Promise<T> => {
    const startedMs = monotonicMs();
    const result = await work();
    observer.onCommit?.(operations, monotonicMs() - startedMs);
    return result;
  };

  const acceptUnderLocks = createUnderLocks(interactive);
  const accept: Work<'insert'> = inParts(
    ({ destinations }) => orderKeysOf(destinations),
    async (batch) => {
      const outcomes = await timed(batch.length, () =>
        acceptBatch(interactive.query, acceptUnderLocks, batch, backlog),
      );
      if (hasNewDeliveries(batch, outcomes)) announce();
      return outcomes;
    },
  );
  const insert = gather<'insert'>(
    inTurnWhenTight(backlog, (batch) => onlyCulpritsFail(accept, batch)),
    ({ event }) => event.body.length,
    true,
  );
  /** What is leased is no longer pending, however it was asked for. */
  const claimCounted = <Request, Outcome extends Readonly<{ leased: readonly unknown[] }>>(
    claim: (query: Query, requests: readonly Request[]) => Promise<readonly Outcome[]>,
    group: readonly Readonly<{ request: Request }>[],
  ) =>
    timed(group.length, async () => {
      const requests = group.map(({ request }) => request);
      const outcomes = await claim(background.query, requests);
      for (const { leased } of outcomes) backlog.changed(-leased.length);
      return outcomes;
    });
  const underLocks = createUnderLocks(background);
  const inDoubt = createInDoubt(background.query);
  const settle = gather<'settle'>(
    inParts(settleKeysOf, (batch) =>
      timed(batch.length, () => settleCounted(underLocks, batch, backlog, inDoubt)),
    ),
    ({ attempt }) => attempt?.responseExcerpt?.length ?? 0,
  );
  const extend = gather<'extend'>(
    (batch) => timed(batch.length, () => extendAll(interactive.query, batch)),
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
        const outcome = await background.transaction((within) =>
          replayDelivery(within, deliveryId, nowMs, backlog.limit),
        );
        if (outcome.kind === 'replayed') backlog.changed(1);
        return [outcome];
      }),
    releaseKey: ([operation]) =>
      timed(1, async () => {
        const { destination, orderKey } = operation!;
        return [await releaseKey(underLocks(new Set([orderKey])), destination, orderKey)];
      }),
    view: (group) =>
      readViews(
        interactive.query,
        group.map(({ eventId }) => eventId),
      ),
  };
}

function hasNewDeliveries(
  batch: readonly OperationOf<'insert'>[],
  outcomes: readonly (InsertOutcome | Error)[],
): boolean {
  return outcomes.some(
    (outcome, at) =>
      !(outcome instanceof Error) && outcome.kind === 'inserted' && batch[at]!.destinations.length > 0,
  );
}

async function settleCounted(
  underLocks: UnderLocks,
  batch: readonly OperationOf<'settle'>[],
  backlog: Backlog,
  inDoubt: InDoubt,
) {
  const settling = settleAll(underLocks(keysToPass(batch)), batch);
  const first = await settling.catch((error: StoreError) => {
    if (isOutcomeUnknown(error.cause)) inDoubt.remember(batch);
    throw error;
  });
  const outcomes = await inDoubt.resolve(batch, first);
  for (const [at, { settlement }] of batch.entries()) {
    if (outcomes[at] === 'settled' && STATUS_AFTER[settlement.kind] === 'pending') backlog.changed(1);
  }
  return outcomes;
}

const settleKeysOf = ({ lease }: OperationOf<'settle'>) => (lease.orderKey === null ? [] : [lease.orderKey]);

/**
 * Lanes: how calls of the store become statements.
 *
 * Each batched operation has a lane, a batcher with the statement that commits a batch. A call waits in its lane, goes
 * out with the next statement, and is answered when that has committed or failed.
 *
 * - An operation is in one batch, and is answered once.
 * - Within a lane operations are sent in the order of submission. Lanes know nothing of each other: overlapping calls
 *   are concurrent, in one process as between two.
 * - A statement has no destination twice (claim) and no delivery twice (claimByIds, settle, extend): what repeats one
 *   goes into a later statement.
 * - At most two statements of a lane are under way, and one of both kinds of claims: a claim that meets another skips
 *   the rows that the other is about to take, and then answers what was never true.
 * - A claim waits a moment for the insert that is under way, which most of what is due next is in.
 * - Near the limit of pending deliveries inserts and replays go through the gate one at a time (limit-gate.ts).
 * - Inserts and extensions, which somebody waits for, use the interactive database; claims and settlements, which cost
 *   an attempt when they are given up, use the background one.
 *
 * Called by open.ts, through `laneVerbs`. A replay and a release are rare, and go without a lane.
 */
import type { StoreError } from '../../domain/errors.ts';
import { type Addressee, isHeldFor, orderKeysOf } from '../../domain/order.ts';
import { statusAfter } from '../../domain/settlement.ts';
import { systemClock } from '../../runtime/clock.ts';
import { createMutex } from '../../runtime/mutex.ts';
import type { Commit } from '../batcher.ts';
import type { Verbs } from '../forward.ts';
import type {
  Bound,
  ClaimByIdsOutcome,
  ClaimByIdsRequest,
  ClaimOutcome,
  ClaimRequest,
  InsertOutcome,
} from '../store.ts';
import { acceptBatch } from './accept.ts';
import type { Backlogs } from './backlog.ts';
import { type ClaimWalks, claimAll } from './claim.ts';
import { claimAllByIds } from './claim-by-ids.ts';
import type { Query } from './database.ts';
import type { Databases } from './databases.ts';
import type { Erasure } from './erasure.ts';
import type { KnownRanges } from './event-ranges.ts';
import { type Extend, extendAll } from './extend.ts';
import { createInDoubt } from './in-doubt.ts';
import { deliveriesOf, heldIn, type Insert, toInsert } from './insert.ts';
import {
  createLane,
  failingAlone,
  inParts,
  type Lane,
  splitAtRepeats,
  splitBatch,
  type Timed,
} from './lane.ts';
import type { LimitGate } from './limit-gate.ts';
import { createUnderLocks, splitByOrderKeys } from './order-locks.ts';
import { keysToPass, type Settle, settleAll } from './settle.ts';
import { isOutcomeUnknown } from './store-failure.ts';

export type Lanes = Readonly<{
  insert: Lane<Insert, InsertOutcome>;
  claim: Lane<ClaimRequest, ClaimOutcome>;
  claimByIds: Lane<ClaimByIdsRequest, ClaimByIdsOutcome>;
  settle: Lane<Settle, 'settled' | 'lost'>;
  extend: Lane<Extend, 'extended' | 'lost'>;
}>;

export const laneVerbs: Verbs<
  Readonly<{ lanes: Lanes }>,
  'insertEvent' | 'claim' | 'claimByIds' | 'settle' | 'extend'
> = {
  insertEvent: ({ lanes }, ...request) => lanes.insert.submit(toInsert(...request)),
  claim: ({ lanes }, request) => lanes.claim.submit(request),
  claimByIds: ({ lanes }, request) => lanes.claimByIds.submit(request),
  settle: ({ lanes }, lease, settlement, attempt, nowMs) =>
    lanes.settle.submit({ lease, settlement, attempt, nowMs }),
  extend: ({ lanes }, lease, untilMs) => lanes.extend.submit({ lease, untilMs }),
};

export type LaneParts = Readonly<{
  databases: Databases;
  erasure: Erasure;
  ranges: KnownRanges;
  backlogs: Backlogs;
  /** Of each limit. */
  gates: Readonly<Record<Bound, LimitGate>>;
  timed: Timed;
  walks: ClaimWalks;
  /** Called when deliveries have become due, the first one as of the time given. */
  announce: (dueAtMs: number) => void;
}>;

export function createLanes(parts: LaneParts): Lanes {
  const inserts = createFollowed();
  return {
    insert: createInsertLane(parts, inserts),
    ...createClaimLanes(parts, inserts),
    settle: createSettleLane(parts),
    extend: createExtendLane(parts),
  };
}

/** How long an insert is under way before a second one is sent: as long as inserts are short, larger batches cost less. */
const INSERT_ALONE_MS = 10;

function createInsertLane(
  { databases, backlogs, erasure, ranges, gates, timed, walks, announce }: LaneParts,
  inserts: Followed,
): Lanes['insert'] {
  const { interactive } = databases;
  const underLocks = createUnderLocks(interactive);
  const known = { backlogs, erasure, ranges };
  const accept: Commit<Insert, InsertOutcome> = inParts(
    (batch) => splitByOrderKeys(batch, ({ destinations }) => orderKeysOf(destinations)),
    failingAlone(async (batch) => {
      const dueAtMs = batch.reduce(
        (first, { event }) => Math.min(first, event.receivedAtMs),
        Number.POSITIVE_INFINITY,
      );
      const outcomes = await walks.due
        .whileWriting(dueAtMs, () =>
          timed(batch.length, () => acceptBatch(interactive.query, underLocks, batch, known)),
        )
        .catch((error: unknown) => {
          ranges.forget();
          throw error;
        });
      if (hasNewDeliveries(batch, outcomes)) announce(dueAtMs);
      return outcomes;
    }),
  );
  const acceptNearLimit = inParts(
    (batch) => splitByDeliveries(batch, backlogs.pending.nearLimitBatch),
    accept,
  );
  const send = (batch: readonly Insert[], held: number) =>
    gates.pending(deliveriesOf(batch) - held, (isNear) => (isNear ? acceptNearLimit(batch) : accept(batch)));
  return createLane({
    commit(batch) {
      const held = heldIn(batch);
      return inserts.lead(held === 0 ? send(batch, 0) : gates.held(held, () => send(batch, held)));
    },
    weigh: ({ event }) => event.body.length,
    aloneMs: INSERT_ALONE_MS,
  });
}

/**
 * How long a claim waits for the insert that is under way. An accept wakes the dispatcher, and most of what is due next is
 * in that insert: without the wait claims and settlements are half as large, and cost the database a quarter more.
 */
const CLAIM_WAIT_MS = 10;

function createClaimLanes(
  { databases, backlogs, timed, walks }: LaneParts,
  inserts: Followed,
): Pick<Lanes, 'claim' | 'claimByIds'> {
  const exclusively = createMutex();
  const claims = <Request, Outcome extends Readonly<{ leased: readonly unknown[] }>>(
    claim: (query: Query, requests: readonly Request[]) => Promise<readonly Outcome[]>,
    namesOf: (request: Request) => readonly string[],
    before: () => Promise<void> = () => Promise.resolve(),
  ): Lane<Request, Outcome> =>
    createLane<Request, Outcome>({
      commit: inParts(
        (batch) => splitAtRepeats(batch, namesOf),
        failingAlone((batch) =>
          exclusively(async () => {
            await before();
            const outcomes = await timed(batch.length, () => claim(databases.background.query, batch));
            for (const { leased } of outcomes) backlogs.pending.changed(-leased.length);
            return outcomes;
          }),
        ),
      ),
      maxInFlight: 1,
    });
  return {
    claim: claims(
      (query, requests) => claimAll(query, walks, requests),
      ({ limits }) => limits.map(({ destination }) => destination),
      () => inserts.follow(CLAIM_WAIT_MS),
    ),
    claimByIds: claims(
      (query, requests) => claimAllByIds(query, walks.leases, requests),
      ({ deliveryIds }) => [...new Set(deliveryIds)],
    ),
  };
}

function createSettleLane({ databases, backlogs, timed, walks }: LaneParts): Lanes['settle'] {
  const { background } = databases;
  const underLocks = createUnderLocks(background);
  const inDoubt = createInDoubt(background.query);
  const settle: Commit<Settle, 'settled' | 'lost'> = async (batch) => {
    const first = await settleAll(underLocks(keysToPass(batch)), batch).catch((error: StoreError) => {
      if (isOutcomeUnknown(error.cause)) inDoubt.remember(batch);
      walks.due.forget();
      throw error;
    });
    walks.due.lower(first.dueAtMs);
    const outcomes = await inDoubt.resolve(batch, first.outcomes);
    for (const [at, { settlement }] of batch.entries()) {
      if (outcomes[at] === 'settled' && statusAfter(settlement) === 'pending') backlogs.pending.changed(1);
    }
    return outcomes;
  };
  const orderKeysIn = ({ lease }: Settle) => (lease.orderKey === null ? [] : [lease.orderKey]);
  return createLane({
    commit: inParts(
      (batch) => splitAtRepeats(batch, ({ lease }) => [lease.deliveryId]),
      inParts(
        (batch) => splitByOrderKeys(batch, orderKeysIn),
        failingAlone((batch) => timed(batch.length, () => settle(batch))),
      ),
    ),
    weigh: ({ attempt }) => attempt?.responseExcerpt?.length ?? 0,
  });
}

function createExtendLane({ databases, timed, walks }: LaneParts): Lanes['extend'] {
  return createLane({
    commit: inParts(
      (batch: readonly Extend[]) => splitAtRepeats(batch, ({ lease }) => [lease.deliveryId]),
      failingAlone(async (batch) => {
        const outcomes = await timed(batch.length, () => extendAll(databases.interactive.query, batch));
        walks.leases.lower(Math.min(...batch.map(({ untilMs }) => untilMs)));
        return outcomes;
      }),
    ),
  });
}

/** Work that other work may wait for. */
type Followed = Readonly<{
  lead<T>(work: Promise<T>): Promise<T>;
  /** Resolves when the work that was led last has ended, and after `mostMs` in any case. */
  follow(mostMs: number): Promise<void>;
}>;

function createFollowed(): Followed {
  let last: Promise<void> = Promise.resolve();
  return {
    lead(work) {
      last = work.then(
        () => {},
        () => {},
      );
      return work;
    },
    follow: (mostMs) =>
      new Promise((resolve) => {
        const stopWaiting = systemClock.after(mostMs, resolve);
        void last.then(() => {
          stopWaiting();
          resolve();
        });
      }),
  };
}

const isDue = (addressee: Addressee) => !isHeldFor(addressee);

/** Whether there is something to claim. */
function hasNewDeliveries(batch: readonly Insert[], outcomes: readonly (InsertOutcome | Error)[]): boolean {
  return outcomes.some(
    (outcome, at) =>
      !(outcome instanceof Error) && outcome.kind === 'inserted' && batch[at]!.destinations.some(isDue),
  );
}

/** Parts that add at most `most` deliveries, unless one event alone adds more. */
function splitByDeliveries(batch: readonly Insert[], most: number): (readonly Insert[])[] {
  return splitBatch(batch, () => {
    let deliveries = 0;
    return ({ destinations }) => {
      deliveries += destinations.length;
      return deliveries <= most;
    };
  });
}

import { anAudit } from '../../../testkit/builders.ts';
import type { Attempt } from '../../domain/attempt.ts';
import type { WebhookEvent } from '../../domain/event.ts';
import type { Lease } from '../../domain/lease.ts';
import { type Addressee, NEVER_MS } from '../../domain/order.ts';
import type { Settlement } from '../../domain/settlement.ts';
import type {
  ClaimByIdsOutcome,
  ClaimByIdsRequest,
  ClaimOutcome,
  ClaimRequest,
  ExpiredLease,
  InsertOutcome,
  ReleaseOutcome,
  ReplayMark,
  ReplayOptions,
  ReplayOutcome,
  Store,
} from '../store.ts';
import { plainEvent, type Snapshot, snapshotOf } from './snapshot.ts';

/** One step of a history as a value, so that it can be done to two stores and printed. */
export type Operation =
  | Readonly<{
      kind: 'insert';
      event: WebhookEvent;
      destinations: readonly Addressee[];
      replayMark: ReplayMark | null;
      keySinceMs: number | null;
    }>
  | Readonly<{ kind: 'claim'; request: ClaimRequest }>
  | Readonly<{ kind: 'claimByIds'; request: ClaimByIdsRequest }>
  | Readonly<{ kind: 'settle'; lease: Lease; settlement: Settlement; attempt: Attempt | null; nowMs: number }>
  | Readonly<{ kind: 'extend'; lease: Lease; untilMs: number }>
  | Readonly<{ kind: 'replay'; deliveryId: string; nowMs: number; options: ReplayOptions }>
  | Readonly<{ kind: 'releaseKey'; destination: string; orderKey: string }>
  | Readonly<{ kind: 'expired'; untilMs: number; limit: number }>
  | Readonly<{ kind: 'hold'; destination: string; nowMs: number; limit: number }>
  | Readonly<{ kind: 'purge'; beforeMs: number; limit: number }>
  | Readonly<{ kind: 'look'; event: WebhookEvent }>;

/** What a store answered to an operation of the same kind. */
export type Outcome =
  | Readonly<{ kind: 'insert'; answer: InsertOutcome }>
  | Readonly<{ kind: 'claim'; answer: ClaimOutcome }>
  | Readonly<{ kind: 'claimByIds'; answer: ClaimByIdsOutcome }>
  | Readonly<{ kind: 'settle'; answer: 'settled' | 'lost' }>
  | Readonly<{ kind: 'extend'; answer: 'extended' | 'lost' }>
  | Readonly<{ kind: 'replay'; answer: ReplayOutcome }>
  | Readonly<{ kind: 'releaseKey'; answer: ReleaseOutcome }>
  | Readonly<{ kind: 'expired'; answer: readonly ExpiredLease[] }>
  | Readonly<{ kind: 'hold'; answer: number }>
  | Readonly<{ kind: 'purge'; answer: number }>
  | Readonly<{ kind: 'look'; answer: Snapshot }>;

/** Does the operation. It is submitted before this returns. */
export function perform(store: Store, operation: Operation): Promise<Outcome> {
  switch (operation.kind) {
    case 'insert':
      return outcome(
        'insert',
        store.insertEvent(
          operation.event,
          operation.destinations,
          operation.replayMark,
          operation.keySinceMs,
        ),
      );
    case 'claim':
      return outcome('claim', store.claim(operation.request));
    case 'claimByIds':
      return outcome('claimByIds', store.claimByIds(operation.request));
    case 'settle':
      return outcome(
        'settle',
        store.settle(operation.lease, operation.settlement, operation.attempt, operation.nowMs),
      );
    case 'extend':
      return outcome('extend', store.extend(operation.lease, operation.untilMs));
    case 'replay':
      return outcome(
        'replay',
        store.replay(operation.deliveryId, operation.nowMs, operation.options, anAudit()),
      );
    case 'releaseKey':
      return outcome('releaseKey', store.releaseKey(operation.destination, operation.orderKey, anAudit()));
    case 'expired':
      return outcome('expired', store.expired(operation.untilMs, operation.limit));
    case 'hold':
      return outcome('hold', holdToTheEnd(store, operation));
    case 'purge':
      return outcome('purge', purgeToTheEnd(store, operation.beforeMs, operation.limit));
    case 'look':
      return outcome('look', snapshotOf(store, [operation.event]));
  }
}

/** An outcome as values that compare, whichever class a driver reads bytes into. */
export function plainOutcome({ kind, answer }: Outcome): unknown {
  if (kind !== 'claim' && kind !== 'claimByIds') return { kind, answer };
  const leased = answer.leased.map((entry) => ({ ...entry, event: plainEvent(entry.event) }));
  return { kind, answer: { ...answer, leased } };
}

/** Where a batch ends is a driver's affair; what all of them delete is not. */
async function purgeToTheEnd(store: Store, beforeMs: number, limit: number): Promise<number> {
  let total = 0;
  let cursor: string | null = null;
  do {
    const batch = await store.purge(beforeMs, limit, cursor);
    total += batch.deleted;
    cursor = batch.cursor;
  } while (cursor !== null);
  return total;
}

async function holdToTheEnd(
  store: Store,
  { destination, nowMs, limit }: Operation & { kind: 'hold' },
): Promise<number> {
  let total = 0;
  let after: string | null = null;
  do {
    const range = { fromMs: 0, untilMs: NEVER_MS };
    const page = await store.holdPending(destination, range, nowMs, limit, after);
    total += page.held;
    after = page.next;
  } while (after !== null);
  return total;
}

async function outcome<Kind, Answer>(
  kind: Kind,
  answer: Promise<Answer>,
): Promise<Readonly<{ kind: Kind; answer: Answer }>> {
  return { kind, answer: await answer };
}

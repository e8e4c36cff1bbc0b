import { eventIdOf } from '../../domain/delivery.ts';
import { destinationOf, orderKeysOf } from '../../domain/order.ts';
import { hasTurnAfter } from '../../domain/settlement.ts';
import { keyOf, markOf } from './names.ts';
import type { Operation, OperationKind, OperationOf } from './operations.ts';

/** Anything that carries an operation, such as the caller who waits for it. */
export type Carrier = Readonly<{ operation: Operation }>;

export type Group<Entry> = Readonly<{
  group: readonly Entry[];
  /** What is left, in its order. */
  rest: readonly Entry[];
}>;

/**
 * Operations that were submitted within one turn of the event loop come out as if they had been done in their order.
 * One statement does many of a kind, so the next group is one operation with all of its kind that may overtake what
 * lies between, because nobody could tell. Inserts go first where they may: an insert that finds its event known can
 * look at it again later, but not earlier.
 * @param isNearLimit whether so much may come in that the limit could be reached: then inserts overtake nothing that counts
 */
export function nextGroup<Entry extends Carrier>(
  entries: readonly Entry[],
  isNearLimit: boolean,
): Group<Entry> {
  const overtakes = (entry: Entry, passed: readonly Entry[]) =>
    passed.every(({ operation }) => mayOvertake(entry.operation, operation, isNearLimit));
  const first =
    entries.find(
      (entry, at) => entry.operation.kind === 'insert' && overtakes(entry, entries.slice(0, at)),
    ) ?? entries[0]!;
  const group: Entry[] = [];
  const rest: Entry[] = [];
  for (const entry of entries) {
    const joins = entry === first || (canShare(first, group, entry.operation) && overtakes(entry, rest));
    (joins ? group : rest).push(entry);
  }
  return { group, rest };
}

/** Whether all of them, of one kind, may go together, whatever else is submitted. */
export function isOneGroup(operations: readonly Operation[]): boolean {
  const kind = operations[0]?.kind;
  if (kind === 'insert') return operations.every((operation) => operation.kind === 'insert');
  if (kind !== 'settle' && kind !== 'extend') return operations.length === 1;
  const ids = new Set<string>();
  for (const operation of operations) {
    if (operation.kind !== kind || ids.has(operation.lease.deliveryId)) return false;
    ids.add(operation.lease.deliveryId);
  }
  return true;
}

/**
 * Whether an insert that turned out to be of a known event has overtaken something that may show in that event: then
 * it has to look again, when that is done.
 */
export function hasToLookAgain(eventId: string, overtaken: readonly Operation[]): boolean {
  return overtaken.some((operation) => !commutes({ kind: 'view', eventId }, operation));
}

function canShare(first: Carrier, group: readonly Carrier[], operation: Operation): boolean {
  const { kind } = first.operation;
  if (operation.kind !== kind || kind === 'replay' || kind === 'releaseKey') return false;
  if (kind === 'insert' || kind === 'view') return true;
  return group.every((member) => commutes(member.operation, operation));
}

function mayOvertake(operation: Operation, passed: Operation, isNearLimit: boolean): boolean {
  if (operation.kind === 'insert') return insertMayOvertake(operation, passed, isNearLimit);
  // What an insert is answered may show the event as it is before the operation.
  if (passed.kind === 'insert') return operation.kind === 'extend' || operation.kind === 'view';
  return commutes(operation, passed);
}

/** Of one key the first comes first; and one that may be refused has to see who takes room and who makes it. */
function insertMayOvertake(insert: OperationOf<'insert'>, passed: Operation, isNearLimit: boolean): boolean {
  switch (passed.kind) {
    case 'insert':
      return !isNearLimit && !sharesName(passed, insert);
    case 'claim':
      return (
        !isNearLimit &&
        !passed.request.limits.some(({ destination }) =>
          insert.destinations.some((addressee) => destinationOf(addressee) === destination),
        )
      );
    case 'claimByIds':
      return !isNearLimit && !namesEvent(passed, insert.event.id);
    case 'settle':
      return !(isNearLimit && makesPending(passed));
    default:
      return passed.kind !== 'replay' && passed.kind !== 'releaseKey';
  }
}

function sharesName(a: OperationOf<'insert'>, b: OperationOf<'insert'>): boolean {
  if (keyOf(a) === keyOf(b) || (a.replayMark !== null && markOf(a) === markOf(b))) return true;
  const orderKeys = orderKeysOf(a.destinations);
  return orderKeys.length > 0 && orderKeysOf(b.destinations).some((key) => orderKeys.includes(key));
}

/** Whether two operations, neither of them an insert, give the same answers in either order. */
function commutes(a: Operation, b: Operation): boolean {
  const [first, second] = RANK[a.kind] <= RANK[b.kind] ? [a, b] : [b, a];
  switch (first.kind) {
    case 'claim':
      return commutesWithClaim(first, second);
    case 'claimByIds':
      return commutesWithClaimByIds(first, second);
    case 'settle':
      if (second.kind === 'view') return eventIdOf(first.lease.deliveryId) !== second.eventId;
      return 'lease' in second && first.lease.deliveryId !== second.lease.deliveryId;
    case 'extend':
      if (second.kind === 'view') return true;
      return 'lease' in second && first.lease.deliveryId !== second.lease.deliveryId;
    case 'view':
      return second.kind === 'view';
    default:
      return false;
  }
}

const RANK: Readonly<Record<OperationKind, number>> = {
  insert: 0,
  claim: 1,
  claimByIds: 2,
  settle: 3,
  extend: 4,
  view: 5,
  replay: 6,
  releaseKey: 7,
};

function commutesWithClaim({ request }: OperationOf<'claim'>, other: Operation): boolean {
  switch (other.kind) {
    case 'claim': {
      const names = new Set(request.limits.map(({ destination }) => destination));
      return !other.request.limits.some(({ destination }) => names.has(destination));
    }
    case 'settle':
      return other.lease.token !== request.token && !makesPending(other) && !passesTurn(other);
    case 'extend':
      return other.lease.token !== request.token;
    default:
      return false;
  }
}

function commutesWithClaimByIds(claim: OperationOf<'claimByIds'>, other: Operation): boolean {
  const { deliveryIds, token } = claim.request;
  switch (other.kind) {
    case 'claimByIds':
      return !other.request.deliveryIds.some((id) => deliveryIds.includes(id));
    case 'settle':
    case 'extend':
      if (other.kind === 'settle' && passesTurn(other)) return false;
      return other.lease.token !== token && !deliveryIds.includes(other.lease.deliveryId);
    case 'view':
      return !namesEvent(claim, other.eventId);
    default:
      return false;
  }
}

function namesEvent({ request }: OperationOf<'claimByIds'>, eventId: string): boolean {
  return request.deliveryIds.some((id) => eventIdOf(id) === eventId);
}

function makesPending({ settlement }: OperationOf<'settle'>): boolean {
  return settlement.kind === 'retry' || settlement.kind === 'released';
}

/** Whether another delivery of the same order key becomes due by it. */
function passesTurn({ lease, settlement }: OperationOf<'settle'>): boolean {
  return lease.orderKey !== null && !hasTurnAfter(settlement);
}

import { StoreError } from '../../domain/errors.ts';
import { countHeld } from '../../domain/order.ts';
import type { Bound, InsertOutcome } from '../store.ts';
import type { Backlogs } from './backlog.ts';
import type { Query } from './database.ts';
import type { Erasure } from './erasure.ts';
import type { KnownRanges } from './event-ranges.ts';
import { boundedOf, countAlerts, isExempt } from './exempt.ts';
import { type Insert, type InsertResult, insertAll } from './insert.ts';
import { UNDONE } from './insert-statements.ts';
import { findKnown } from './known.ts';
import { nameMarked } from './name-marked.ts';
import type { UnderLocks } from './order-locks.ts';
import { hasState } from './store-failure.ts';

/** What a node knows of the inbox. */
type Known = Readonly<{ backlogs: Backlogs; erasure: Erasure; ranges: KnownRanges }>;

const INSERTED: InsertOutcome = { kind: 'inserted' };

const NOTHING_SENT: InsertResult = {
  inserted: [],
  pending: null,
  held: null,
  noRoomBy: null,
  needsHashes: false,
};

/** Consecutive attempts without progress. */
const MOST_VAIN_TRIES = 4;

/**
 * @see InboxStore.insertEvent, for a batch. Mostly one statement. A second one looks up what was not inserted. When there
 * is no room for the whole batch, known events are found first, and new ones are admitted one by one.
 */
export async function acceptBatch(
  query: Query,
  underLocks: UnderLocks,
  batch: readonly Insert[],
  known: Known,
): Promise<(InsertOutcome | Error)[]> {
  const { backlogs, erasure } = known;
  const outcomes = new Map<Insert, InsertOutcome>();
  const isOpen = (insert: Insert) => !outcomes.has(insert);

  const insert = async (some: readonly Insert[], isAgain: boolean, alerts = 0) => {
    const named = await nameMarked(query, some, isAgain, erasure.names());
    if (named.length === 0) return NOTHING_SENT;
    const result = await unlessUndone(insertCounting(underLocks, named, known, alerts));
    if (result === null) return null;
    // Another node has erased the first event.
    if (result.needsHashes) await erasure.read(query);
    const keys = new Map(named.map(({ event }) => [event.id, event.idempotencyKey]));
    // Of two inserts with the same id, the first one was inserted.
    const left = new Set(result.inserted ?? keys.keys());
    for (const one of some) {
      if (!left.delete(one.event.id)) continue;
      outcomes.set(one, insertedAs(one, keys.get(one.event.id)!));
      addTo(backlogs, one);
    }
    return result;
  };
  const lookUp = async (some: readonly Insert[]) => {
    if (some.length === 0) return;
    const found = await findKnown(query, some, erasure.names());
    const undecided = new Set<string>();
    for (const [at, one] of some.entries()) {
      const names = namesOf(one);
      // An undecided insert before it may take over the mark, and would then be the event that this one repeats.
      const isDecided = found[at] !== null && !names.some((name) => undecided.has(name));
      if (isDecided) outcomes.set(one, { kind: 'duplicate', ...found[at]! });
      else for (const name of names) undecided.add(name);
    }
  };

  /** @returns the limit whose room others took meanwhile, or null */
  const acceptSome = async (some: readonly Insert[], isAgain: boolean): Promise<Bound | null> => {
    // Marks are decided one by one; repeated keys are handled by the statement itself.
    const hasMarks = some.some(({ replayMark }) => replayMark !== null);
    const result = await insert(hasMarks ? distinctByName(some) : some, isAgain);
    await lookUp(some.filter(isOpen));
    if (result === null || result.noRoomBy === null) return null;
    const alerts = result.noRoomBy === 'pending' ? await countAlerts(query) : 0;
    const open = distinctByName(some.filter(isOpen));
    const { admitted, refused } = admit(open, roomAfter(result, backlogs, alerts));
    const second = admitted.length === 0 ? null : await insert(admitted, isAgain, alerts);
    const isRoomGone = admitted.length > 0 && (second === null || second.noRoomBy !== null);
    if (isRoomGone) return second?.noRoomBy ?? result.noRoomBy;
    // What was refused for the sake of the admitted ones is looked at again when they were not inserted either.
    for (const [one, bound] of refused) outcomes.set(one, { kind: 'full', bound });
    return null;
  };

  let open = batch;
  let roomGone: Bound | null = null;
  for (let vain = 0; open.length > 0 && vain < MOST_VAIN_TRIES; ) {
    roomGone = await acceptSome(open, vain > 0);
    const left = open.filter(isOpen);
    vain = left.length < open.length ? 0 : vain + 1;
    open = left;
  }
  return batch.map((one) => outcomes.get(one) ?? undecided(roomGone));
}

/** Room that other nodes take again and again is no room. */
function undecided(roomGone: Bound | null): InsertOutcome | Error {
  return roomGone === null ? keyComesAndGoes() : { kind: 'full', bound: roomGone };
}

/** The room that there was before the statement, of which alerts take none. */
function roomAfter(
  { pending, held }: InsertResult,
  backlogs: Backlogs,
  alerts: number,
): Readonly<Record<Bound, number>> {
  const pendingRoom = backlogs.pending.limit + alerts - (pending ?? 0);
  return { pending: pendingRoom, held: backlogs.held.limit - (held ?? 0) };
}

/** Takes note of what an insert added. */
function addTo(backlogs: Backlogs, { destinations }: Insert): void {
  const held = countHeld(destinations);
  backlogs.pending.changed(destinations.length - held);
  if (held > 0) backlogs.held.changed(held);
}

/** Null if the statement undid itself. */
function unlessUndone(result: Promise<InsertResult>): Promise<InsertResult | null> {
  return result.catch((error: unknown) => {
    if (hasState(error, UNDONE)) return null;
    throw error;
  });
}

/** Inserts, and counts what is pending if it has to. */
async function insertCounting(
  underLocks: UnderLocks,
  batch: readonly Insert[],
  { backlogs: { pending, held }, erasure, ranges }: Known,
  alerts: number,
): Promise<InsertResult> {
  const { unheld } = boundedOf(batch);
  const limits = { pending: pending.hasToCount(unheld) ? pending.limit + alerts : null, held: held.limit };
  const result = await insertAll(underLocks, batch, limits, erasure.names(), ranges);
  if (result.pending !== null) pending.saw(result.pending);
  if (result.held !== null) held.saw(result.held);
  return result;
}

function insertedAs({ event }: Insert, idempotencyKey: string): InsertOutcome {
  return idempotencyKey === event.idempotencyKey ? INSERTED : { kind: 'inserted', idempotencyKey };
}

/** The insert finds the key known and the look-up finds it unknown, again and again. */
function keyComesAndGoes(): StoreError {
  return new StoreError('STORE_BUSY', 'the event of this key is being deleted; try again');
}

/**
 * Which inserts of new events fit into the room that is left, first come first served; one that is too large leaves
 * the room to a smaller one after it. No two of them share a name.
 */
function admit(
  inserts: readonly Insert[],
  room: Readonly<Record<Bound, number>>,
): Readonly<{ admitted: readonly Insert[]; refused: ReadonlyMap<Insert, Bound> }> {
  const admitted: Insert[] = [];
  const refused = new Map<Insert, Bound>();
  const left = { ...room };
  for (const insert of inserts) {
    if (isExempt(insert)) {
      admitted.push(insert);
      continue;
    }
    const held = countHeld(insert.destinations);
    const pending = insert.destinations.length - held;
    if (held > 0 && held > left.held) refused.set(insert, 'held');
    else if (pending > 0 && pending > left.pending) refused.set(insert, 'pending');
    else {
      left.held -= held;
      left.pending -= pending;
      admitted.push(insert);
    }
  }
  return { admitted, refused };
}

/** The names by which an event is recognised: its key, and its mark if it has one. Each is one text, whatever is in it. */
function namesOf({ event, replayMark }: Insert): string[] {
  const key = `key ${JSON.stringify([event.source, event.idempotencyKey])}`;
  if (replayMark === null) return [key];
  const digest = Buffer.from(replayMark.digest).toString('hex');
  return [key, `mark ${JSON.stringify([event.source, digest])}`];
}

/** The inserts that share no name with one before them, so that none decides about another. */
function distinctByName(inserts: readonly Insert[]): Insert[] {
  const names = new Set<string>();
  return inserts.filter((insert) => {
    const own = namesOf(insert);
    if (own.some((name) => names.has(name))) return false;
    for (const name of own) names.add(name);
    return true;
  });
}

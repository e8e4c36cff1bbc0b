import { StoreError } from '../../domain/errors.ts';
import type { InsertOutcome } from '../store.ts';
import type { Backlog } from './backlog.ts';
import type { Query } from './database.ts';
import type { Erasure } from './erasure.ts';
import { deliveriesOf, type Insert, type InsertResult, insertAll } from './insert.ts';
import { UNDONE } from './insert-statements.ts';
import { findKnown } from './known.ts';
import { nameMarked } from './name-marked.ts';
import type { UnderLocks } from './order-locks.ts';
import { hasState } from './store-failure.ts';

const INSERTED: InsertOutcome = { kind: 'inserted' };
const FULL: InsertOutcome = { kind: 'full' };

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
  backlog: Backlog,
  erasure: Erasure,
): Promise<(InsertOutcome | Error)[]> {
  const outcomes = new Map<Insert, InsertOutcome>();
  const isOpen = (insert: Insert) => !outcomes.has(insert);

  const insert = async (some: readonly Insert[], isAgain: boolean): Promise<InsertResult | null> => {
    const named = await nameMarked(query, some, isAgain, erasure.names());
    if (named.length === 0) return { inserted: [], pending: null, hasNoRoom: false, needsHashes: false };
    const result = await unlessUndone(insertCounting(underLocks, named, backlog, erasure));
    if (result === null) return null;
    // Another node has erased the first event.
    if (result.needsHashes) await erasure.read(query);
    const keys = new Map(named.map(({ event }) => [event.id, event.idempotencyKey]));
    // Of two inserts with the same id, the first one was inserted.
    const left = new Set(result.inserted ?? keys.keys());
    for (const one of some) {
      if (!left.delete(one.event.id)) continue;
      outcomes.set(one, insertedAs(one, keys.get(one.event.id)!));
      backlog.changed(one.destinations.length);
    }
    return result;
  };

  const lookUp = async (some: readonly Insert[]) => {
    if (some.length === 0) return;
    const known = await findKnown(query, some, erasure.names());
    const undecided = new Set<string>();
    for (const [at, one] of some.entries()) {
      const names = namesOf(one);
      // An undecided insert before it may take over the mark, and would then be the event that this one repeats.
      const isDecided = known[at] !== null && !names.some((name) => undecided.has(name));
      if (isDecided) outcomes.set(one, { kind: 'duplicate', ...known[at]! });
      else for (const name of names) undecided.add(name);
    }
  };

  /** @returns whether others took the room that there was */
  const acceptSome = async (some: readonly Insert[], isAgain: boolean): Promise<boolean> => {
    // Marks are decided one by one; repeated keys are handled by the statement itself.
    const hasMarks = some.some(({ replayMark }) => replayMark !== null);
    const result = await insert(hasMarks ? distinctByName(some) : some, isAgain);
    await lookUp(some.filter(isOpen));
    if (result === null || !result.hasNoRoom) return false;
    const { admitted, refused } = admit(
      distinctByName(some.filter(isOpen)),
      backlog.limit - (result.pending ?? 0),
    );
    const second = admitted.length === 0 ? result : await insert(admitted, isAgain);
    const isRoomGone = admitted.length > 0 && (second === null || second.hasNoRoom);
    // What was refused for the sake of the admitted ones is looked at again when they were not inserted either.
    if (!isRoomGone) for (const one of refused) outcomes.set(one, FULL);
    return isRoomGone;
  };

  let open = batch;
  let isRoomGone = false;
  for (let vain = 0; open.length > 0 && vain < MOST_VAIN_TRIES; ) {
    isRoomGone = await acceptSome(open, vain > 0);
    const left = open.filter(isOpen);
    vain = left.length < open.length ? 0 : vain + 1;
    open = left;
  }
  // Room that other nodes take again and again is no room.
  return batch.map((one) => outcomes.get(one) ?? (isRoomGone ? FULL : keyComesAndGoes()));
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
  backlog: Backlog,
  erasure: Erasure,
): Promise<InsertResult> {
  const limit = backlog.hasToCount(deliveriesOf(batch)) ? backlog.limit : null;
  const result = await insertAll(underLocks, batch, limit, erasure.names());
  if (result.pending !== null) backlog.saw(result.pending);
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
  room: number,
): Readonly<{ admitted: readonly Insert[]; refused: readonly Insert[] }> {
  const admitted: Insert[] = [];
  const refused: Insert[] = [];
  let left = room;
  for (const insert of inserts) {
    const { length } = insert.destinations;
    const fits = length === 0 || length <= left;
    if (fits) left -= length;
    (fits ? admitted : refused).push(insert);
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

import { addCounts, addOrderCounts, addTotals, HELD, PENDING } from './counters.ts';
import type { Statement } from './database.ts';
import { dueAt, turnOf } from './turn.ts';

export type InsertRow = Readonly<{
  /** The ids that were inserted, or null when all were. */
  inserted: readonly string[] | null;
  /** How many deliveries were pending and not held before, or null if that was not counted. */
  pending: number | null;
  /** Events may be erased, and the statement was sent without the hashes of names: it did nothing. */
  needs_hashes?: boolean;
  /** How many were held, or null without deliveries that are. */
  held: number | null;
}>;

/** Which kinds of events a batch has. Each kind has parameters of its own, behind those of all. */
export type InsertKinds = Readonly<{
  /** With replay marks. */
  isMarked: boolean;
  /** With keys that are marks. */
  isKeyMarked: boolean;
  /** With order keys. */
  isOrdered: boolean;
  /** With the hashes of their names, since events may be erased. */
  isHashed: boolean;
  /** With deliveries for destinations that are held. */
  isHeld: boolean;
  /** With search keys. */
  isSearched: boolean;
  /** With events that were not received. */
  hasOrigins: boolean;
  /** With ranges of sources and types that no range so far covers. */
  isRanged: boolean;
}>;

const ORDER_KEYS = 19;
const digestsAt = ({ isOrdered }: InsertKinds) => ORDER_KEYS + (isOrdered ? 1 : 0);
const keyDigestsAt = (kinds: InsertKinds) => digestsAt(kinds) + (kinds.isMarked ? 2 : 0);
const hashesAt = (kinds: InsertKinds) => keyDigestsAt(kinds) + (kinds.isKeyMarked ? 1 : 0);
/** Whether each delivery is held, how many are, and how many may be. */
const heldAt = (kinds: InsertKinds) => hashesAt(kinds) + (kinds.isHashed ? 3 : 0);
const searchKeysAt = (kinds: InsertKinds) => heldAt(kinds) + (kinds.isHeld ? 3 : 0);
const originsAt = (kinds: InsertKinds) => searchKeysAt(kinds) + (kinds.isSearched ? 3 : 0);
const rangesAt = (kinds: InsertKinds) => originsAt(kinds) + (kinds.hasOrigins ? 1 : 0);

/** None of its names is that of an erased event. */
const notErased = ({ isMarked }: InsertKinds) => `
  and not exists (
    select from erased x join events g on g.id = x.event_id
    where x.source = t.source and x.key_hash = t.key_hash and x.key_number = t.key_number
  )
  ${
    isMarked
      ? `and not exists (
    select from replay_marks m where m.source = t.source and m.digest = t.mark_hash and m.received_at >= t.since
  )`
      : ''
  }`;

/** The batch, its events in the order in which their keys are taken; nothing when there is no room for all of it. */
function inputText(kinds: InsertKinds): string {
  const { isMarked, isKeyMarked, isHashed, isHeld, hasOrigins } = kinds;
  const digests = digestsAt(kinds);
  const hashes = hashesAt(kinds);
  return `
input as ${isMarked || isKeyMarked || isHashed ? 'materialized' : ''} (
  select * from unnest(
    $1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::bigint[],
    $10::integer[], $11::integer[]${isMarked ? `, $${digests}::bytea[], $${digests + 1}::bigint[]` : ''}
    ${isKeyMarked ? `, $${keyDigestsAt(kinds)}::bytea[]` : ''}
    ${isHashed ? `, $${hashes}::bytea[], $${hashes + 1}::integer[], $${hashes + 2}::bytea[]` : ''}
    ${hasOrigins ? `, $${originsAt(kinds)}::text[]` : ''}
  ) as t (
    id, source, idempotency_key, event_type, method, url, headers, content_type, received_at, body_start, body_length
    ${isMarked ? ', digest, since' : ''} ${isKeyMarked ? ', key_digest' : ''}
    ${isHashed ? ', key_hash, key_number, mark_hash' : ''} ${hasOrigins ? ', origin' : ''}
  )
  where ($17::bigint = 0 or (select pending from backlog) + $17 <= $18::bigint)
  ${isHeld ? hasRoomForHeld(heldAt(kinds)) : ''}
  ${isHashed ? notErased(kinds) : `and not (select needs from hashes)`}
)`;
}

const hasRoomForHeld = (at: number) =>
  ` and ($${at + 1}::bigint = 0 or (select held from held_backlog) + $${at + 1} <= $${at + 2}::bigint)`;

/**
 * A mark is taken, or taken over from an event that is out of its window, before the event of a new key is inserted;
 * an event that does not get its mark is a repetition. Marks are sorted, and all taken before the keys, to avoid deadlocks.
 */
const MARKED = `
marked as (
  insert into replay_marks as m (source, digest, event_id, received_at)
  select source, digest, id, received_at from input
  where digest is not null and not exists (
    select from events e where e.source = input.source and e.idempotency_key = input.idempotency_key
  )
  order by source collate "C", digest
  on conflict (source, digest) do update set event_id = excluded.event_id, received_at = excluded.received_at
  where m.received_at < (select i.since from input i where i.id = excluded.event_id)
  returning event_id
)`;

/** The count takes all marks before the first key: the look at each event alone takes them with the first that has one. */
const GOT_ITS_MARK = `
(select count(*) from marked) >= 0 and (digest is null or (id in (select event_id from marked)) is true)`;

/**
 * The key may have come from another node a moment ago, unseen by the look at it: then its mark was taken for
 * nothing, and the statement undoes itself by an error.
 */
const UNDO_UNLESS_USED = `
1 / (case when exists (select from marked where (event_id in (select id from inserted)) is not true) then 0 else 1 end)`;

/**
 * The newest event of a mark has it. Who may insert the next one is decided by its key, which is unique: two statements
 * with one mark ask for the same key, and take their keys in one order.
 */
const KEY_MARKED = `
key_marked as (
  insert into replay_marks (source, digest, event_id, received_at)
  select distinct on (source collate "C", key_digest) source, key_digest, id, received_at
  from input where key_digest is not null and (id in (select id from inserted)) is true
  order by source collate "C", key_digest, length(idempotency_key) desc, idempotency_key collate "C" desc
  on conflict (source, digest) do update set event_id = excluded.event_id, received_at = excluded.received_at
)`;

/** The event's own copy of its digests, see joinDigests. */
function ownDigests({ isMarked, isKeyMarked }: InsertKinds): string | null {
  if (!isKeyMarked) return isMarked ? 'digest' : null;
  return isMarked ? `nullif(coalesce(digest, '') || coalesce(key_digest, ''), '')` : 'key_digest';
}

const added = (kinds: InsertKinds) => {
  const [held, input] = heldColumn(kinds);
  return `
added as (
  insert into deliveries (event_id, number, destination, status, attempts, due_at, created_at, updated_at${held})
  select event_id, number, destination, 'pending', 0, received_at, received_at, received_at${held}
  from unnest($13::uuid[], $14::integer[], $15::text[], $16::bigint[]${input})
    as t (event_id, number, destination, received_at${held})
  where (event_id in (select id from inserted)) is true
  returning destination${held}
)`;
};

/** The column that says whether a delivery is held, and its parameter; empty where none is. */
function heldColumn(kinds: InsertKinds): readonly [column: string, input: string] {
  return kinds.isHeld ? [', held', `, $${heldAt(kinds)}::integer[]`] : ['', ''];
}

/** Of one key in a batch only the first may have the turn. Positions are given in the order of the batch. */
const addedInOrder = (kinds: InsertKinds) => {
  const [held, input] = heldColumn(kinds);
  return `
new as materialized (
  select t.*, row_number() over (partition by destination, order_key order by n) > 1 as is_behind
  from unnest($13::uuid[], $14::integer[], $15::text[], $16::bigint[], $${ORDER_KEYS}::text[]${input})
    with ordinality as t (event_id, number, destination, received_at, order_key${held}, n)
  where (event_id in (select id from inserted)) is true
),
placed as materialized (
  select new.*, ${turnOf('new', 'new.is_behind')} as turn from new order by n
),
added as (
  insert into deliveries (
    event_id, number, destination, status, attempts, due_at, created_at, updated_at, order_key, turn, position${held}
  )
  select event_id, number, destination, 'pending', 0, ${dueAt('turn', 'received_at')}, received_at, received_at,
    order_key, turn, case when order_key is not null then nextval('delivery_positions') end${held}
  from placed
  returning destination, turn${held}
),
order_changes as (
  select destination, (turn = 'waits')::integer as waiting, 0 as blocked from added where turn is not null
),
order_counted as (${addOrderCounts('order_changes')})`;
};

/** Asked by the statement itself: another node may have erased the first event a moment ago. */
const HASHES = `
hashes as materialized (select exists (select from erasure) as needs),`;

/** Those of the events that were inserted. */
function searchedText(kinds: InsertKinds): string {
  const at = searchKeysAt(kinds);
  return `
searched as (
  insert into event_search (name, value, event_id)
  select name, value, event_id from unnest($${at}::uuid[], $${at + 1}::text[], $${at + 2}::text[]) as t (event_id, name, value)
  where (event_id in (select id from inserted)) is true
),`;
}

/** If anything is inserted. */
function rangedText(kinds: InsertKinds): string {
  const at = rangesAt(kinds);
  return `
ranged as (
  insert into event_ranges (first_ms, last_ms, source, event_type)
  select * from unnest($${at}::bigint[], $${at + 1}::bigint[], $${at + 2}::text[], $${at + 3}::text[])
  where exists (select from inserted)
),`;
}

function insertText(kinds: InsertKinds): string {
  const { isMarked, isKeyMarked, isOrdered, isHashed, isHeld, isSearched, hasOrigins, isRanged } = kinds;
  const digests = ownDigests(kinds);
  return `
with backlog as materialized (${PENDING}),${isHeld ? ` held_backlog as materialized (${HELD}),` : ''}${isHashed ? '' : HASHES}${inputText(kinds)},${isMarked ? `${MARKED},` : ''}
inserted as (
  insert into events (
    id, source, idempotency_key, event_type, method, url, headers, content_type, received_at,
    ${digests === null ? '' : 'replay_digest,'} ${hasOrigins ? 'origin,' : ''} body
  )
  select id, source, idempotency_key, event_type, method, url, headers, content_type, received_at,
    ${digests === null ? '' : `${digests},`} ${hasOrigins ? 'origin,' : ''} substring($12::bytea from body_start for body_length)
  from input ${isMarked ? `where ${GOT_ITS_MARK}` : ''}
  on conflict (source, idempotency_key) do nothing
  returning id
),${isKeyMarked ? `${KEY_MARKED},` : ''}${isSearched ? searchedText(kinds) : ''}${isRanged ? rangedText(kinds) : ''}
${isOrdered ? addedInOrder(kinds) : added(kinds)},
counted as (${addCounts('added', { pending: 'count(*)', ...(isHeld && { held: 'count(held)' }) })}),
totalled as (${addTotals('(select count(*) from inserted)', `(select count(*)${isHeld ? ' - count(held)' : ''} from added)`)})
select case when $17::bigint <> 0 then (select pending from backlog) end as pending,
  ${isHeld ? '(select held from held_backlog)' : 'null'} as held,
  -- Mostly all of them, which needs no list.
  case when (select count(*) from inserted) < cardinality($1) then array(select id::text from inserted) end as inserted
  ${isHashed ? '' : ', (select needs from hashes) as needs_hashes'}
  ${isMarked ? `, ${UNDO_UNLESS_USED} as used` : ''}`;
}

const NAMES = {
  isMarked: 'marked',
  isKeyMarked: 'key_marked',
  isOrdered: 'ordered',
  isHashed: 'hashed',
  isHeld: 'held',
  isSearched: 'searched',
  hasOrigins: 'origins',
  isRanged: 'ranged',
} as const satisfies Record<keyof InsertKinds, string>;

const KINDS = Object.keys(NAMES) as (keyof InsertKinds)[];

const made = new Map<string, Statement<InsertRow>>();

/**
 * The statement for a mix of kinds: events with their deliveries, for all of a batch in one round trip and one
 * transaction; all that are new if there is room for the whole batch, else none. Of 0 deliveries to make room for, nothing
 * is counted. Keys are taken in their order, so that
 * two batches that share keys cannot deadlock; the first event of a batch with a key wins. With replay marks, no two events
 * of a batch may share a key or a mark. With order keys, the caller has taken their locks.
 */
export function insertStatement(kinds: InsertKinds): Statement<InsertRow> {
  const name = ['insert', ...KINDS.filter((kind) => kinds[kind]).map((kind) => NAMES[kind])].join('_');
  const known = made.get(name);
  if (known !== undefined) return known;
  const statement = { name, text: insertText(kinds) };
  made.set(name, statement);
  return statement;
}

/** The statements of all mixes. */
export function insertStatements(): readonly Statement<InsertRow>[] {
  return Array.from({ length: 2 ** KINDS.length }, (_, mix) =>
    insertStatement(
      Object.fromEntries(KINDS.map((kind, at) => [kind, (mix & (1 << at)) !== 0])) as InsertKinds,
    ),
  );
}

/** SQLSTATE of UNDO_UNLESS_USED: nothing was done, and another look will see the key. */
export const UNDONE = '22012';

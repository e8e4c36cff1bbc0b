import { addCounts, addOrderCounts, addTotals } from '../postgres/counters.ts';
import type { Statement } from '../postgres/database.ts';
import { writeRangesOf } from '../postgres/event-ranges.ts';
import { packBodies } from '../postgres/packed-bodies.ts';
import { type Batch, COLUMNS, type HighWater, type Part, type Row, type Value } from './inbox-copy.ts';

/** The types of columns that are not text. A name has the same type in all tables. */
const TYPES: Readonly<Record<string, string>> = {
  id: 'uuid',
  event_id: 'uuid',
  seq: 'bigint',
  received_at: 'bigint',
  due_at: 'bigint',
  lease_until: 'bigint',
  created_at: 'bigint',
  updated_at: 'bigint',
  started_at: 'bigint',
  ended_at: 'bigint',
  number: 'integer',
  delivery: 'integer',
  attempts: 'integer',
  position: 'bigint',
  replay_of: 'integer',
  replayed_by: 'integer',
  sent_as: 'integer',
  http_status: 'integer',
  body_bytes: 'integer',
  kept_bytes: 'integer',
  replay_digest: 'bytea',
  digest: 'bytea',
  count: 'bigint',
  last_at: 'bigint',
  differed: 'integer',
  at: 'bigint',
  through: 'bigint',
  hash: 'bytea',
  key_hash: 'bytea',
  key_number: 'integer',
  erased_at: 'bigint',
  secret: 'bytea',
  held: 'integer',
  version: 'bigint',
  freed_at: 'bigint',
  over_at: 'bigint',
  operation: 'uuid',
  slice: 'integer',
  targets: 'bytea',
  results: 'bytea',
};

/** What to write with the rows of a part, as a receiver does when it writes them: counters, and ranges for searches. */
const COUNTED: Readonly<Partial<Record<Part, string>>> = {
  events: `, totalled as (${addTotals('(select count(*) from added)', '0')}),${writeRangesOf('added')}`,
  deliveries: `,
counted as (${addCounts('added', {
    pending: `count(*) filter (where status = 'pending')`,
    processing: `count(*) filter (where status = 'processing')`,
    completed: `count(*) filter (where status = 'completed')`,
    failed: `count(*) filter (where status = 'failed' and replayed_by is null)`,
    held: 'count(held)',
  })}),
totalled as (${addTotals('0', `(select count(*) from added where status = 'pending' and held is null)`)}),
order_changes as (
  select destination, (turn = 'waits')::integer as waiting,
    (turn = 'holds' and status = 'failed')::integer as blocked
  from added where turn is not null
),
order_counted as (${addOrderCounts('order_changes')})`,
};

const RETURNED: Readonly<Partial<Record<Part, string>>> = {
  events: 'id, source, event_type',
  deliveries: 'destination, status, turn, replayed_by, held',
};

/** The first parameters: how far the batch leads. The columns' parameters follow. */
const MARK = 'update inbox_import set part = $1, position = $2, moved = $3::bigint';
const MARK_PARAMETERS = 3;

/** The rows of a batch, and how far they lead, in one statement, which is one round trip and one transaction. */
export function writeStatement(part: Part): Statement {
  const columns: readonly string[] = COLUMNS[part].filter((name) => name !== 'body');
  const hasBody = columns.length < COLUMNS[part].length;
  const typed = columns.map((name) => ({ name, type: TYPES[name] ?? 'text' }));
  if (hasBody) typed.push({ name: 'body_start', type: 'integer' }, { name: 'body_length', type: 'integer' });
  const input = typed.map(({ type }, at) => `$${MARK_PARAMETERS + at + 1}::${type}[]`).join(', ');
  const packed = `$${MARK_PARAMETERS + typed.length + 1}::bytea`;
  const body = `case when body_length >= 0 then substring(${packed} from body_start for body_length) end`;
  const names = columns.join(', ');
  return {
    name: `import_${part}`,
    text: `
with mark as (${MARK}),
added as (
  insert into ${part} (${names}${hasBody ? ', body' : ''}) ${part === 'rejected' ? 'overriding system value' : ''}
  select ${names}${hasBody ? `, ${body}` : ''}
  from unnest(${input}) as t (${typed.map(({ name }) => name).join(', ')})
  returning ${RETURNED[part] ?? '1'}
)${COUNTED[part] ?? ''}
select count(*) from added`,
  };
}

export function writeValues({ rows }: Batch, { part, position, moved }: HighWater): unknown[] {
  const names: readonly string[] = COLUMNS[part];
  const columnOf = (at: number) => rows.map((row) => row[at]!);
  const arrays = names.flatMap((name, at) => (name === 'body' ? [] : [columnOf(at).map(toParameter)]));
  const bodyAt = names.indexOf('body');
  if (bodyAt === -1) return [part, position, moved, ...arrays];
  const bodies = columnOf(bodyAt) as (Uint8Array | null)[];
  const packed = packBodies(bodies.map((body) => body ?? new Uint8Array()));
  const lengths = bodies.map((body) => body?.length ?? -1);
  return [part, position, moved, ...arrays, packed.starts, lengths, packed.bytes];
}

/** The client sends only a Buffer as bytes. */
function toParameter(value: Value): Value {
  if (!(value instanceof Uint8Array)) return value;
  return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
}

/** The key columns of each part's index, with values before all keys. */
const KEYS: Readonly<Record<Part, Readonly<Record<string, Value>>>> = {
  events: { id: '00000000-0000-0000-0000-000000000000' },
  deliveries: { event_id: '00000000-0000-0000-0000-000000000000', number: 0 },
  attempts: { event_id: '00000000-0000-0000-0000-000000000000', delivery: 0, number: 0 },
  replay_marks: { source: '', digest: Buffer.alloc(0) },
  event_search: { name: '', value: '', event_id: '00000000-0000-0000-0000-000000000000' },
  duplicates: { event_id: '00000000-0000-0000-0000-000000000000' },
  erased: { event_id: '00000000-0000-0000-0000-000000000000' },
  erasure: { secret: Buffer.alloc(0) },
  rejected: { seq: 0 },
  source_state: { source: '', name: '' },
  audit: { seq: 0 },
  destination_state: { destination: '' },
  operations: { id: '00000000-0000-0000-0000-000000000000' },
  operation_targets: { operation: '00000000-0000-0000-0000-000000000000', slice: -1 },
};

/**
 * Reads the next rows behind a key: at most `$1` rows, and as many of them as `$2` bytes of bodies allow, but at least
 * one. The server knows a body's length without reading it.
 */
export function readStatement(part: Part): Statement {
  const keys = Object.keys(KEYS[part]);
  const order = keys.join(', ');
  const behind = keys.map((name, at) => `$${at + 3}::${TYPES[name] ?? 'text'}`).join(', ');
  const columns = COLUMNS[part].join(', ');
  const next = `select ${columns} from ${part} where (${order}) > (${behind}) order by ${order} limit $1`;
  const bytes = COLUMNS[part].some((name) => name === 'body') ? 'octet_length(body)' : '0';
  return {
    name: `export_${part}`,
    text: `
select ${columns} from (
  select *, coalesce(sum(${bytes}) over (
    order by ${order} rows between unbounded preceding and 1 preceding), 0) as bytes_before
  from (${next}) as next
) as sized
where bytes_before < $2::bigint order by ${order}`,
  };
}

export function firstKey(part: Part): Row {
  return Object.values(KEYS[part]);
}

export function keyOf(part: Part, row: Row): Row {
  const names: readonly string[] = COLUMNS[part];
  return Object.keys(KEYS[part]).map((name) => row[names.indexOf(name)]!);
}

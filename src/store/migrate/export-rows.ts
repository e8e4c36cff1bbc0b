import type { DatabaseSync } from 'node:sqlite';
import { StoreError } from '../../domain/errors.ts';
import { STRIDE } from '../sqlite/delivery-key.ts';
import { bytesToUuid } from '../sqlite/uuid-bytes.ts';
import { type Batch, COLUMNS, type Part, type ReadOptions, type Row, type Value } from './inbox-copy.ts';

/**
 * How a part is read: behind a key, in the order of keys, so that SQLite walks an index and sorts nothing. A row has the
 * key first, then the part's columns.
 */
type Reading = Readonly<{ start: readonly Value[]; sql: string }>;

const NUMBER = (key: string) => `${key} & ${STRIDE - 1}`;
const EVENT_OF = (key: string) => `left join events e on e.seq = ${key} / ${STRIDE}`;

const READINGS: Readonly<Record<Part, Reading>> = {
  events: {
    start: [0],
    sql: `select seq, ${COLUMNS.events.join(', ')} from events where seq > ? order by seq`,
  },
  deliveries: {
    start: [0],
    sql: `
select d.key, e.id, ${NUMBER('d.key')}, d.destination, d.status, d.attempts, d.due_at, d.lease_token,
  min(d.lease_until, :ends), d.last_error, d.created_at, d.updated_at, ${NUMBER('d.replay_of')},
  ${NUMBER('d.replayed_by')}, ${NUMBER('d.sent_as')}, d.order_key, d.turn,
  iif(d.order_key is null, null, d.key / ${STRIDE}), d.held, d.failure_group
from deliveries d ${EVENT_OF('d.key')} where d.key > ? order by d.key`,
  },
  attempts: {
    start: [0, 0],
    sql: `
select a.delivery_key, a.number, e.id, ${NUMBER('a.delivery_key')}, a.number, a.started_at, a.ended_at, a.outcome,
  a.error, a.http_status, a.response_excerpt
from attempts a ${EVENT_OF('a.delivery_key')}
where (a.delivery_key, a.number) > (?, ?) order by a.delivery_key, a.number`,
  },
  replay_marks: {
    start: ['', ''],
    sql: `
select hex(m.digest), m.source, m.source, m.digest, e.id, e.received_at
from replay_marks m left join events e on e.seq = m.seq
where (m.digest, m.source) > (unhex(?), ?) order by m.digest, m.source`,
  },
  duplicates: {
    start: [0],
    sql: `
select d.seq, e.id, d.count, d.last_at, d.differed
from duplicates d left join events e on e.seq = d.seq where d.seq > ? order by d.seq`,
  },
  erased: {
    start: [0],
    sql: `
select x.seq, e.id, x.source, x.key_hash, x.key_number, x.erased_at
from erased x left join events e on e.seq = x.seq where x.seq > ? order by x.seq`,
  },
  erasure: {
    start: [0],
    sql: 'select single, secret from erasure where single > ? order by single',
  },
  event_search: {
    start: ['', '', ''],
    sql: `
select name, value, hex(id), name, value, id from event_search
where (name, value, id) > (?, ?, unhex(?)) order by name, value, id`,
  },
  rejected: {
    start: [0],
    sql: `select seq, ${COLUMNS.rejected.join(', ')} from rejected where seq > ? order by seq`,
  },
  source_state: {
    start: ['', ''],
    sql: `
select source, name, ${COLUMNS.source_state.join(', ')} from source_state
where (source, name) > (?, ?) order by source, name`,
  },
  audit: {
    start: [0],
    sql: `select seq, ${COLUMNS.audit.join(', ')} from audit where seq > ? order by seq`,
  },
  destination_state: {
    start: [''],
    sql: `
select destination, ${COLUMNS.destination_state.join(', ')} from destination_state
where destination > ? order by destination`,
  },
  // Without their leases, whose holders are gone.
  operations: {
    start: [''],
    sql: `select hex(id), ${COLUMNS.operations.join(', ')} from operations where id > unhex(?) order by id`,
  },
  operation_targets: {
    start: ['', -1],
    sql: `
select hex(operation), slice, ${COLUMNS.operation_targets.join(', ')} from operation_targets
where (operation, slice) > (unhex(?), ?) order by operation, slice`,
  },
};

export function countRows(db: DatabaseSync, part: Part): number {
  return Number(db.prepare(`select count(*) as count from ${part}`).get()!.count);
}

/** @see InboxSource.batches */
export function* readBatches(
  db: DatabaseSync,
  part: Part,
  { after, leasesEndMs, maxRows, maxBytes }: ReadOptions,
): Generator<Batch> {
  const { start, sql } = READINGS[part];
  const statement = db.prepare(sql);
  statement.setReturnArrays(true);
  const key = after === null ? start : (JSON.parse(after) as Value[]);
  const found = sql.includes(':ends')
    ? statement.iterate({ ends: leasesEndMs }, ...key)
    : statement.iterate(...key);
  let rows: Row[] = [];
  let bytes = 0;
  let last: readonly Value[] = key;
  const batch = () => ({ rows, position: JSON.stringify(last.slice(0, start.length)) });
  for (const read of found as unknown as Iterable<Value[]>) {
    const row = toRow(part, read.slice(start.length));
    rows.push(row);
    bytes += weightOf(row);
    last = read;
    if (rows.length < maxRows && bytes < maxBytes) continue;
    yield batch();
    rows = [];
    bytes = 0;
  }
  if (rows.length > 0) yield batch();
}

const IDS: ReadonlySet<string> = new Set(['id', 'event_id', 'operation']);

function toRow(part: Part, values: Value[]): Row {
  const at = COLUMNS[part].findIndex((name) => IDS.has(name));
  if (at === -1) return values;
  const id = values[at];
  if (!(id instanceof Uint8Array)) {
    throw new StoreError('STORE_CORRUPT', `a row of ${part} belongs to an event that is not there`);
  }
  values[at] = bytesToUuid(id);
  return values;
}

/** The approximate size of its texts and bytes. */
function weightOf(row: Row): number {
  let weight = 0;
  for (const value of row) if (value !== null && typeof value !== 'number') weight += value.length;
  return weight;
}

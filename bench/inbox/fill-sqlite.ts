import { closeSync, fsyncSync, openSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { openWriter } from '../../src/store/sqlite/connect.ts';
import { STRIDE } from '../../src/store/sqlite/delivery-key.ts';
import { BLOCK_EVENTS, prepareReadBlock, prepareWriteBlock } from '../../src/store/sqlite/event-blocks.ts';
import { say } from '../support/say.ts';
import { whole } from '../support/table.ts';
import { eventColumns, GROUP_OF_ERROR, type Words } from './spread.ts';

const WORDS: Words = {
  hex: (number, digits) => `printf('%0${digits}x', ${number})`,
  uuid: (digits) => `unhex(${digits})`,
  bytes: (text) => `cast(${text} as blob)`,
};

/** Events that one transaction inserts: blocks in a row, which are then read while they are in memory. */
const SLICE = 64 * BLOCK_EVENTS;

/** Makes an inbox of so many events, with all that the receiver keeps about them. */
export function fillSqlite(path: string, events: number, nowMs: number): void {
  openWriter(path).close();
  const db = openUnsafe(path);
  fillRows(db, events, nowMs, prepareBlocks(db));
  db.exec(`update deliveries set failure_group = ${GROUP_OF_ERROR} where status = 'failed'`);
  db.exec('pragma optimize; pragma journal_mode = wal');
  db.close();
  const file = openSync(path, 'r+');
  fsyncSync(file);
  closeSync(file);
}

/** A failure leaves a broken file behind, and nothing else. */
export function openUnsafe(path: string): DatabaseSync {
  const db = new DatabaseSync(path);
  db.exec(
    'pragma journal_mode = delete; pragma journal_mode = off; pragma synchronous = off; pragma cache_size = -2000000',
  );
  return db;
}

/** Fills the tables that every version has. @param onSlice is called with the first seq of a slice and the one after it */
export function fillRows(
  db: DatabaseSync,
  events: number,
  nowMs: number,
  onSlice: (from: number, to: number) => void = () => {},
): void {
  const { sql: keyIndex } = db
    .prepare(`select sql from sqlite_schema where name = 'events_by_key'`)
    .get() as Readonly<{ sql: string }>;
  // Its entries come in no order; sorted in the end, they are written once.
  db.exec('drop index events_by_key');
  for (let from = 1; from <= events; from += SLICE) {
    const to = Math.min(from + SLICE, events + 1);
    db.exec('begin');
    for (const sql of fillSql(from, to, events, nowMs)) db.exec(sql);
    onSlice(from, to);
    db.exec('commit');
    say(`  ${whole(to - 1)} of ${whole(events)} events put in`);
  }
  db.exec(keyIndex);
  db.exec(`
    insert into delivery_counts (destination, status, count)
      select destination, status, count(*) from deliveries group by destination, status;
    update totals set value = ${events} where name = 'events'`);
}

function fillSql(from: number, to: number, events: number, nowMs: number): readonly string[] {
  const c = eventColumns(events, nowMs, WORDS);
  const numbers = `with recursive numbers (i) as (select ${from} union all select i + 1 from numbers where i < ${to - 1})`;
  const completed = (number: number, destination: string, condition: string) => `
    ${numbers} insert into deliveries (key, destination, status, attempts, due_at, created_at, updated_at)
    select i * ${STRIDE} + ${number}, '${destination}', 'completed', 1, at, at, at + 40
    from (select i, ${c.at} as at from numbers where ${condition})`;
  return [
    `${numbers} insert into events (seq, id, source, idempotency_key, event_type, method, url, headers, content_type, body, received_at)
      select i, ${c.id}, ${c.source}, ${c.key}, ${c.type}, 'POST', '/webhooks', ${c.headers}, 'application/json', ${c.body}, ${c.at}
      from numbers`,
    `${numbers} insert into deliveries (key, destination, status, attempts, due_at, last_error, created_at, updated_at)
      select i * ${STRIDE} + 1, 'billing', status, iif(status = 'pending', 3, 1), iif(status = 'pending', ${c.waitsUntil}, at),
        iif(status = 'completed', null, error), at, at + 40
      from (select i, ${c.status} as status, ${c.at} as at, ${c.error} as error from numbers)`,
    completed(2, 'warehouse', c.isForWarehouse),
    completed(3, 'archive', c.isForArchive),
    `insert into attempts (delivery_key, number, started_at, ended_at, outcome, error, http_status)
      select key, attempts, created_at + 5, created_at + 40, iif(status = 'completed', 'succeeded', 'failed'), last_error,
        iif(status = 'completed', 200, (with numbers (i) as (select key / ${STRIDE}) select ${c.httpStatus} from numbers))
      from deliveries where key >= ${from * STRIDE} and key < ${to * STRIDE}`,
  ];
}

/** Writes the blocks that end in a slice: see event-blocks.ts. The writer reads the one that is not full itself. */
function prepareBlocks(db: DatabaseSync): (from: number, to: number) => void {
  const read = prepareReadBlock(db);
  const write = prepareWriteBlock(db);
  let number = 0;
  return (_from, to) => {
    for (; (number + 1) * BLOCK_EVENTS <= to; number += 1) write(read(number, (number + 1) * BLOCK_EVENTS));
  };
}

import pg from 'pg';
import { systemClock } from '../../src/runtime/clock.ts';
import { writeRangesOf } from '../../src/store/postgres/event-ranges.ts';
import { fillRanges } from '../../src/store/postgres/fill-ranges.ts';
import { say } from '../support/say.ts';
import { whole } from '../support/table.ts';
import { eventColumns, GROUP_OF_ERROR, type Words } from './spread.ts';

const WORDS: Words = {
  hex: (number, digits) => `lpad(to_hex(${number}), ${digits}, '0')`,
  uuid: (digits) => `(${digits})::uuid`,
  bytes: (text) => `convert_to(${text}, 'UTF8')`,
};

/** Events that one statement inserts. */
const SLICE = 250_000;

/**
 * Puts so many events into the empty tables that a receiver has made, with all that it keeps about them, and lets vacuum and
 * checkpoint have done their work before anything is measured.
 */
export async function fillPostgres(url: string, events: number, nowMs: number): Promise<void> {
  const options = '-c synchronous_commit=off -c maintenance_work_mem=1GB';
  const client = new pg.Client({ connectionString: url, options });
  await client.connect();
  try {
    // Sorted in the end, the entries of these indexes are written once.
    const { rows: indexes } = await client.query<Readonly<{ name: string; made: string }>>(
      `select indexrelid::regclass::text as name, pg_get_indexdef(indexrelid) as made from pg_index
       where indrelid = 'events'::regclass and not indisprimary`,
    );
    for (const { name } of indexes) await client.query(`drop index ${name}`);
    for (let from = 1; from <= events; from += SLICE) {
      const to = Math.min(from + SLICE - 1, events);
      await client.query(fillSql(from, to, events, nowMs));
      if (to < events && (to / SLICE) % 4 === 0) say(`  ${whole(to)} of ${whole(events)} events put in`);
    }
    for (const { made } of indexes) await client.query(made);
    // Of events that statements have inserted nothing is known by source and type; the program's own walk writes it.
    await client.query('update event_range_fill set is_complete = false, reached = null, since_ms = 0');
    await fillRanges(client, systemClock, new AbortController().signal, () => {});
    await client.query(`update deliveries set failure_group = ${GROUP_OF_ERROR} where status = 'failed'`);
    await client.query(`
      insert into delivery_counts (destination, shard, pending, completed, failed)
      select destination, -1, count(*) filter (where status = 'pending'), count(*) filter (where status = 'completed'),
        count(*) filter (where status = 'failed') from deliveries group by destination`);
    await client.query(`
      insert into totals (shard, events, pending)
      select -1, ${events}, count(*) from deliveries where status = 'pending'`);
    await client.query('vacuum (analyze) events, deliveries, attempts');
    await client.query('checkpoint');
  } finally {
    await client.end();
  }
}

function fillSql(from: number, to: number, events: number, nowMs: number): string {
  const c = eventColumns(events, nowMs, WORDS);
  return `
with made as materialized (
  select i, ${c.id} as id, ${c.at} as at, ${c.status} as status, ${c.error} as error, ${c.httpStatus} as http_status,
    ${c.source} as source, ${c.type} as event_type
  from generate_series(${from}::bigint, ${to}::bigint) as i
),
events as (
  insert into events (id, source, idempotency_key, event_type, method, url, headers, content_type, received_at, body)
  select id, ${c.source}, ${c.key}, ${c.type}, 'POST', '/webhooks', ${c.headers}, 'application/json', at, ${c.body}
  from made order by i
),
${writeRangesOf('made')},
sent as materialized (
  select i, id, 1 as number, 'billing' as destination, status, at, error, http_status from made
  union all select i, id, 2, 'warehouse', 'completed', at, null, null from made where ${c.isForWarehouse}
  union all select i, id, 3, 'archive', 'completed', at, null, null from made where ${c.isForArchive}
),
tried as materialized (
  select *, case status when 'pending' then 3 else 1 end as attempts, status = 'completed' as succeeded
  from sent order by i, number
),
deliveries as (
  insert into deliveries (event_id, number, destination, status, attempts, due_at, last_error, created_at, updated_at)
  select id, number, destination, status, attempts, case status when 'pending' then ${c.waitsUntil} else at end,
    case when not succeeded then error end, at, at + 40
  from tried
)
insert into attempts (event_id, delivery, number, started_at, ended_at, outcome, error, http_status)
select id, number, attempts, at + 5, at + 40, case when succeeded then 'succeeded' else 'failed' end,
  case when not succeeded then error end, case when succeeded then 200 else http_status end
from tried`;
}

import pg from 'pg';
import { ORDER_TEMPLATE } from '../../clients/order.ts';
import { say } from '../../support/say.ts';
import { whole } from '../../support/table.ts';

/** Rows that one statement inserts. */
const SLICE = 250_000;
const SPAN_MS = 30 * 24 * 3_600_000;
const HEADERS = JSON.stringify([
  'Host',
  '127.0.0.1:8000',
  'Content-Type',
  'application/json',
  'Content-Length',
  '352',
]);

/** Of events from $1 to $2 out of $3: evenly over the last 30 days, each with an id of its time and a random key. */
const FILL = `
with n as (
  select i, $4::bigint - $5::bigint + (i * ($5::bigint / $3::float8))::bigint as at_ms
  from generate_series($1::bigint, $2::bigint) as i
),
made as (
  select i, at_ms, (lpad(to_hex(at_ms), 12, '0') || '70008000' || lpad(to_hex(i), 12, '0'))::uuid as id from n
),
events as (
  insert into events (
    id, source, idempotency_key, event_type, method, url, headers, content_type, received_at, body
  )
  select id, 'default', substr(md5(i::text), 1, 28), 'order.created', 'POST', '/webhooks', $6, 'application/json',
    at_ms, $7::bytea
  from made
),
deliveries as (
  insert into deliveries (event_id, number, destination, status, attempts, due_at, created_at, updated_at)
  select id, 1, 'bench', 'completed', 1, at_ms, at_ms, at_ms + 5 from made
)
insert into attempts (event_id, delivery, number, started_at, ended_at, outcome)
select id, 1, 1, at_ms + 2, at_ms + 5, 'succeeded' from made`;

/**
 * Puts completed events into the tables of a receiver that has made them, as many as months of traffic leave behind,
 * and lets vacuum and checkpoint have done their work before anything is measured.
 */
export async function fillRows(url: string, rows: number, nowMs: number): Promise<void> {
  const client = new pg.Client({ connectionString: url, options: '-c synchronous_commit=off' });
  await client.connect();
  try {
    for (let from = 1; from <= rows; from += SLICE) {
      const to = Math.min(from + SLICE - 1, rows);
      await client.query(FILL, [from, to, rows, nowMs, SPAN_MS, HEADERS, Buffer.from(ORDER_TEMPLATE)]);
      if (to < rows && (to / SLICE) % 4 === 0) say(`  ${whole(to)} of ${whole(rows)} rows put in`);
    }
    await client.query(
      `insert into delivery_counts (destination, shard, completed) values ('bench', -1, $1)`,
      [rows],
    );
    await client.query('insert into totals (shard, events) values (-1, $1)', [rows]);
    await client.query('vacuum (analyze) events, deliveries, attempts');
    await client.query('checkpoint');
  } finally {
    await client.end();
  }
}

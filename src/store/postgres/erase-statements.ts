import { addOrderCounts } from './counters.ts';
import type { Statement } from './database.ts';
import { passTurns } from './turn.ts';

export const KEEP_SECRET: Statement = {
  name: 'keep_erasure_secret',
  text: 'insert into erasure (secret) values ($1) on conflict (single) do nothing',
};

export type ErasableRow = Readonly<{
  id: string;
  source: string;
  idempotency_key: string;
  replay_digest: Uint8Array | null;
  received_at: number;
  erased_at: number | null;
  /** Its hashes are known. */
  is_hidden: boolean;
  is_open: boolean;
}>;

/** With a limit, or the planner would rather read all open deliveries once. */
export const IS_OPEN = `(
    select d.number from deliveries d where d.event_id = e.id and d.status in ('pending', 'processing') limit 1
  ) is not null as is_open`;

/** Against a replay, a clean-up and another erase. Sorted, so that two of them cannot deadlock. */
export const LOCK_ERASABLE: Statement = {
  name: 'lock_erasable',
  text: 'select from events where id = any($1::uuid[]) order by id for update',
};

export const READ_ERASABLE: Statement<ErasableRow> = {
  name: 'read_erasable',
  text: `
select e.id, e.source, e.idempotency_key, e.replay_digest, e.received_at, x.erased_at,
  x.event_id is not null as is_hidden, ${IS_OPEN}
from events e left join erased x on x.event_id = e.id
where e.id = any($1::uuid[])`,
};

export const HIDE_NAMES: Statement = {
  name: 'hide_names',
  text: `
insert into erased (event_id, source, key_hash, key_number)
select * from unnest($1::uuid[], $2::text[], $3::bytea[], $4::integer[])
on conflict (event_id) do nothing`,
};

/** An event of before that had the mark may have its hash. */
export const HIDE_MARKS: Statement = {
  name: 'hide_marks',
  text: `
insert into replay_marks as m (event_id, source, digest, received_at)
select distinct on (t.source collate "C", t.digest) t.*
from unnest($1::uuid[], $2::text[], $3::bytea[], $4::bigint[]) as t (event_id, source, digest, received_at)
order by t.source collate "C", t.digest, t.received_at desc
on conflict (source, digest) do update set event_id = excluded.event_id, received_at = excluded.received_at
  where m.received_at <= excluded.received_at`,
};

export const ORDER_KEYS_OF: Statement<{ order_key: string }> = {
  name: 'order_keys_of',
  text: `
select distinct order_key from deliveries where event_id = any($1::uuid[]) and turn is not null and order_key is not null`,
};

/** Leaves nothing that came with the requests. Returns the deliveries that got the turn of a key. */
export const EMPTY_EVENTS: Statement<{ event_id: string; number: number; destination: string }> = {
  name: 'empty_events',
  text: `
with doomed as materialized (
  select * from unnest($1::uuid[], $2::text[], $3::bytea[]) as t (id, hidden_key, hidden_digest)
),
marks as (
  delete from replay_marks m using doomed join events e on e.id = doomed.id
  where m.source = e.source and m.event_id = e.id
    and m.digest = any(array[substring(e.replay_digest from 1 for 16), substring(e.replay_digest from 17)])
),
searches as (delete from event_search s using doomed where s.event_id = doomed.id),
emptied as (
  update events e set idempotency_key = hidden_key, url = '', headers = '[]', content_type = '', body = '',
    replay_digest = hidden_digest
  from doomed where e.id = doomed.id
),
tries as (
  update attempts a set error = null, response_excerpt = null from doomed
  where a.event_id = doomed.id and (a.error is not null or a.response_excerpt is not null)
),
ended as (
  update deliveries d set last_error = null, failure_group = null, order_key = null, turn = null
  from doomed join deliveries old on old.event_id = doomed.id
  where d.event_id = old.event_id and d.number = old.number
    and (old.last_error is not null or old.order_key is not null)
  returning d.destination, old.order_key, old.turn
),
freed as (select destination, order_key from ended where turn is not null),
passed as (${passTurns('freed')}),
order_changes as (
  select destination, 0 as waiting, -1 as blocked from freed union all select destination, -1, 0 from passed
),
order_counted as (${addOrderCounts('order_changes')}),
noted as (update erased x set erased_at = $4::bigint from doomed where x.event_id = doomed.id)
select event_id, number, destination from passed`,
};

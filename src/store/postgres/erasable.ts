import { idBefore } from '../../runtime/ids.ts';
import { keyPartsOf } from '../erased-names.ts';
import type { Verbs } from '../forward.ts';
import { laterKeys } from '../marked-key.ts';
import type { Erasable, EraseState, EraseStore } from '../store.ts';
import type { QueryContext, Statement } from './database.ts';
import { IS_OPEN } from './erase-statements.ts';
import type { Erasure } from './erasure.ts';

type Row = Readonly<{ id: string; erased_at: number | null; is_open: boolean }>;
type KeyRow = Row & Readonly<{ idempotency_key: string; replay_digest: Uint8Array | null }>;
type WalkedRow = Row & Readonly<{ source: string; received_at: number }>;

const COLUMNS = `
e.id, (select x.erased_at from erased x where x.event_id = e.id) as erased_at, ${IS_OPEN}`;

export const ERASABLE_BY_ID: Statement<Row> = {
  name: 'erasable_by_id',
  text: `select ${COLUMNS} from events e where e.id = any($1::uuid[])`,
};
export const ERASABLE_BY_KEY: Statement<KeyRow> = {
  name: 'erasable_by_key',
  text: `
select ${COLUMNS}, e.idempotency_key, e.replay_digest from events e
where e.source = $1 and (e.idempotency_key = $2 or (e.idempotency_key > $3 and e.idempotency_key < $4))`,
};
export const ERASED_UNDER_KEY: Statement<Row> = {
  name: 'erased_under_key',
  text: `
select ${COLUMNS} from erased u join events e on e.id = u.event_id
where u.source = $1 and u.key_hash = $2 and u.erased_at is not null`,
};
/** No id is of an earlier time than its event, but one may be of a later time: so the walk goes on to the end. */
export const ERASABLE_BETWEEN: Statement<WalkedRow> = {
  name: 'erasable_between',
  text: `
select e.source, e.received_at, ${COLUMNS} from (
  select id, source, received_at from events where id > $1::uuid order by id limit $2
) e order by e.id`,
};

/** The reads of EraseStore, and what PostgreSQL does for traces. */
export const erasableVerbs: Verbs<
  QueryContext & Readonly<{ erasure: Erasure }>,
  Exclude<keyof EraseStore, 'erase'>
> = {
  async erasableById({ query }, ids) {
    const found = new Map((await query(ERASABLE_BY_ID, [ids])).map((row) => [row.id, stateOf(row)]));
    return ids.map((id) => ({ id, state: found.get(id) ?? 'unknown' }));
  },
  async erasableByKey({ query, erasure }, source, key) {
    const rows = await query(ERASABLE_BY_KEY, [source, key, ...laterKeys(key)]);
    const named = rows.filter((row) => keyPartsOf(row.idempotency_key, row.replay_digest).name === key);
    const names = await erasure.read(query);
    const gone = names === null ? [] : await query(ERASED_UNDER_KEY, [source, names.ofKey(source, key)]);
    return [...named, ...gone].map(toErasable);
  },
  async erasableBetween({ query }, source, sinceMs, untilMs, limit, after) {
    const rows = await query(ERASABLE_BETWEEN, [after ?? idBefore(sinceMs), limit]);
    const events = rows
      .filter((row) => row.source === source && row.received_at >= sinceMs && row.received_at < untilMs)
      .map(toErasable);
    return { events, next: rows.length < limit ? null : rows.at(-1)!.id };
  },
  async removeTraces() {
    return { kind: 'left_to_vacuum' };
  },
};

function toErasable(row: Row): Erasable {
  return { id: row.id, state: stateOf(row) };
}

function stateOf({ erased_at: erasedAt, is_open: isOpen }: Row): EraseState {
  if (erasedAt !== null) return 'erased_before';
  return isOpen ? 'open' : 'erased';
}

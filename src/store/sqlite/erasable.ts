import type { DatabaseSync } from 'node:sqlite';
import { idBefore } from '../../runtime/ids.ts';
import { keyPartsOf } from '../erased-names.ts';
import { laterKeys } from '../marked-key.ts';
import type { EraseState } from '../store.ts';
import { OF_EVENT } from './delivery-key.ts';
import { prepareHashNames } from './erasure.ts';
import { prepareRows } from './prepare-rows.ts';
import { bytesToUuid, uuidToBytes } from './uuid-bytes.ts';
import type { Reads } from './verbs.ts';

type EventRow = Readonly<{ seq: number; id: Uint8Array; erased_at: number | null }>;
type KeyRow = EventRow & Readonly<{ idempotency_key: string; replay_digest: Uint8Array | null }>;
type WalkedRow = EventRow & Readonly<{ received_at: number | null }>;

const COLUMNS = 'e.seq, e.id, x.erased_at';
const EVENTS = 'from events e left join erased x on x.seq = e.seq';

export const ERASABLE_BY_ID_SQL = `select ${COLUMNS} ${EVENTS} where e.id = ?`;
export const ERASABLE_BY_KEY_SQL = `
  select ${COLUMNS}, e.idempotency_key, e.replay_digest ${EVENTS}
  where e.source = ?1 and (e.idempotency_key = ?2 or (e.idempotency_key > ?3 and e.idempotency_key < ?4))`;
/** The time lies behind the body, so that it is read for events of the source alone. */
export const ERASABLE_BETWEEN_SQL = `
  select ${COLUMNS}, iif(e.source = ?1, e.received_at, null) as received_at ${EVENTS}
  where e.id > ?2 order by e.id limit ?3`;
export const ERASED_UNDER_KEY_SQL = `
  select ${COLUMNS} from erased x join events e on e.seq = x.seq where x.source = ? and x.key_hash = ?`;

/** The reads of EraseStore. */
export const erasableReads: Reads<'erasableById' | 'erasableByKey' | 'erasableBetween'> = {
  erasableById(db) {
    const find = prepareRows<EventRow>(db, ERASABLE_BY_ID_SQL);
    const stateOf = prepareStateOf(db);
    return (ids) =>
      ids.map((id) => {
        const row = find.get(uuidToBytes(id));
        return { id, state: row === undefined ? 'unknown' : stateOf(row) };
      });
  },
  erasableByKey(db) {
    const find = prepareRows<KeyRow>(db, ERASABLE_BY_KEY_SQL);
    const findErased = prepareErasedUnder(db);
    const stateOf = prepareStateOf(db);
    return (source, key) => {
      const rows = find
        .all(source, key, ...laterKeys(key))
        .filter((row) => keyPartsOf(row.idempotency_key, row.replay_digest).name === key);
      return [...rows, ...findErased(source, key)].map((row) => ({
        id: bytesToUuid(row.id),
        state: stateOf(row),
      }));
    };
  },
  erasableBetween(db) {
    const find = prepareRows<WalkedRow>(db, ERASABLE_BETWEEN_SQL);
    const stateOf = prepareStateOf(db);
    return (source, sinceMs, untilMs, limit, after) => {
      // No id is of an earlier time than its event, but one may be of a later time: so the walk goes on to the end.
      const rows = find.all(source, uuidToBytes(after ?? idBefore(sinceMs)), limit);
      const events = rows
        .filter(({ received_at: at }) => at !== null && at >= sinceMs && at < untilMs)
        .map((row) => ({ id: bytesToUuid(row.id), state: stateOf(row) }));
      return { events, next: rows.length < limit ? null : bytesToUuid(rows.at(-1)!.id) };
    };
  },
};

/** What an erase would do to an event that is there. */
function prepareStateOf(db: DatabaseSync): (row: EventRow) => EraseState {
  const findOpen = db.prepare(
    `select 1 from deliveries where key ${OF_EVENT} and status in ('pending', 'processing') limit 1`,
  );
  return ({ seq, erased_at: erasedAt }) => {
    if (erasedAt !== null) return 'erased_before';
    return findOpen.get(seq, seq) === undefined ? 'erased' : 'open';
  };
}

/** The erased events that had the key, or had it as their mark. */
function prepareErasedUnder(db: DatabaseSync): (source: string, key: string) => readonly EventRow[] {
  const readNames = prepareHashNames(db);
  const find = prepareRows<EventRow>(db, ERASED_UNDER_KEY_SQL);
  return (source, key) => {
    const names = readNames();
    return names === null ? [] : find.all(source, names.ofKey(source, key));
  };
}

import { keyDigest } from '../marked-key.ts';
import { type AttemptRow, type DeliveryRow, pageOf, toAttempt, toDelivery } from '../rows.ts';
import { prepareReadEvent } from './claim.ts';
import { KEY_OF_ID, keyParts, numberOfKey, OF_EVENT, STRIDE } from './delivery-key.ts';
import { prepareFindErased } from './erased-keys.ts';
import { prepareEventView, VIEW_COLUMNS, type ViewRow } from './event-view.ts';
import { prepareRows } from './prepare-rows.ts';
import { prepareStats } from './stats.ts';
import { bytesToUuid, uuidToBytes } from './uuid-bytes.ts';
import type { Reads } from './verbs.ts';

const DELIVERIES = `
  select e.id as event_id, d.key, d.destination, d.status, d.attempts, d.due_at, d.last_error, d.created_at,
    d.updated_at, d.replay_of, d.order_key, d.turn
  from deliveries d join events e on e.seq = d.key / ${STRIDE}`;
type ListedDelivery = DeliveryRow & Readonly<{ event_id: Uint8Array; key: number; replay_of: number | null }>;

export const DEAD_LETTERS_SQL = `${DELIVERIES} where d.status = 'failed' and d.key < ? order by d.key desc limit ?`;

const AFTER_ALL = Number.MAX_SAFE_INTEGER;

/** The verbs of BrowseStore. */
export const browseReads: Reads<
  | 'eventById'
  | 'eventByKey'
  | 'hasEvents'
  | 'readEvent'
  | 'deliveriesOf'
  | 'attemptsOf'
  | 'listDeadLetters'
  | 'stats'
> = {
  eventById(db) {
    const find = prepareRows<ViewRow>(db, `select ${VIEW_COLUMNS} from events where id = ?`);
    const viewOf = prepareEventView(db);
    return (id) => {
      const row = find.get(uuidToBytes(id));
      return row === undefined ? null : viewOf(row);
    };
  },
  eventByKey(db) {
    const ofMark = prepareRows<ViewRow>(
      db,
      `select ${VIEW_COLUMNS} from events
       where seq = (select seq from replay_marks where digest = ? and source = ?)`,
    );
    const find = prepareRows<ViewRow>(
      db,
      `select ${VIEW_COLUMNS} from events where source = ? and idempotency_key = ?`,
    );
    const erased = prepareFindErased(db);
    const viewOf = prepareEventView(db);
    return (source, idempotencyKey) => {
      const row =
        ofMark.get(keyDigest(idempotencyKey), source) ??
        erased.newestOf(source, idempotencyKey) ??
        find.get(source, idempotencyKey) ??
        erased.withKey(source, idempotencyKey);
      return row === undefined ? null : viewOf(row);
    };
  },
  hasEvents(db) {
    const find = prepareRows<{ seq: number }>(db, 'select seq from events where source = ? limit 1');
    return (source) => find.get(source) !== undefined;
  },
  readEvent(db) {
    const readEvent = prepareReadEvent(db, 'id');
    const isErased = db.prepare('select 1 from erased where seq = (select seq from events where id = ?)');
    return (id) => {
      const key = uuidToBytes(id);
      return isErased.get(key) === undefined ? readEvent(key) : null;
    };
  },
  deliveriesOf(db) {
    const seqOf = prepareRows<{ seq: number }>(db, 'select seq from events where id = ?');
    const ofEvent = prepareRows<ListedDelivery>(db, `${DELIVERIES} where d.key ${OF_EVENT} order by d.key`);
    return (eventId) => {
      const found = seqOf.get(uuidToBytes(eventId));
      return found === undefined ? [] : ofEvent.all(found.seq, found.seq).map(toListed);
    };
  },
  attemptsOf(db) {
    const find = prepareRows<AttemptRow>(
      db,
      `select number, started_at, ended_at, outcome, error, http_status, response_excerpt
       from attempts where delivery_key = ${KEY_OF_ID} order by number`,
    );
    return (deliveryId) => find.all(...keyParts(deliveryId)).map(toAttempt);
  },
  listDeadLetters(db) {
    const find = prepareRows<ListedDelivery>(db, DEAD_LETTERS_SQL);
    return (limit, before) => {
      const found = find.all(before === null ? AFTER_ALL : Number(before), limit + 1);
      const { rows, next } = pageOf(found, limit, ({ key }) => String(key));
      return { deliveries: rows.map(toListed), next };
    };
  },
  stats: prepareStats,
};

function toListed(row: ListedDelivery) {
  const replayOf = row.replay_of === null ? null : numberOfKey(row.replay_of);
  return toDelivery({ eventId: bytesToUuid(row.event_id), number: numberOfKey(row.key), replayOf }, row);
}

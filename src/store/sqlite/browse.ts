import { fitsDeadLetter } from '../dead-letter-filter.ts';
import { keyDigest } from '../marked-key.ts';
import { firstIdOf } from '../plan-search.ts';
import {
  type AttemptRow,
  type DeadLetterRow,
  type DeliveryNumbers,
  type DeliveryRow,
  toAttempt,
  toDeadLetter,
  toDelivery,
} from '../rows.ts';
import { type DeadLetter, type DeadLetterFilter, MAX_DEAD_LETTERS_READ } from '../store.ts';
import { prepareReadEvent } from './claim.ts';
import { KEY_OF_ID, keyParts, numberOfKey, numberOrNull, OF_EVENT, STRIDE } from './delivery-key.ts';
import { prepareFindErased } from './erased-keys.ts';
import { prepareEventView, VIEW_COLUMNS, type ViewRow } from './event-view.ts';
import { prepareRows } from './prepare-rows.ts';
import { ALL_SEQS, prepareSeqRange, type SeqRange } from './seq-range.ts';
import { prepareStats } from './stats.ts';
import { bytesToUuid, uuidToBytes } from './uuid-bytes.ts';
import type { Reads } from './verbs.ts';

export const DELIVERY_COLUMNS = `
  e.id as event_id, d.key, d.destination, d.status, d.attempts, d.due_at, d.last_error, d.failure_group, d.created_at,
    d.updated_at, d.replay_of, d.replayed_by, d.sent_as, d.order_key, d.turn`;
export const FROM_DELIVERIES = `from deliveries d join events e on e.seq = d.key / ${STRIDE}`;
export type Numbered = Readonly<{
  event_id: Uint8Array;
  key: number;
  replay_of: number | null;
  replayed_by: number | null;
  sent_as: number | null;
}>;

/** The index has times, roughly, and the destination; what else is asked for is looked at in each. */
const deadLettersSql = (condition: string) => `
  select ${DELIVERY_COLUMNS}, e.source, e.event_type, e.idempotency_key,
    (select erased_at from erased x where x.seq = e.seq) as erased_at
  from deliveries d indexed by deliveries_dead join events e on e.seq = d.key / ${STRIDE}
  where d.status = 'failed' and d.key >= ? and d.key < ? ${condition} order by d.key desc limit ${MAX_DEAD_LETTERS_READ}`;

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
    const ofEvent = prepareRows<DeliveryRow & Numbered>(
      db,
      `select ${DELIVERY_COLUMNS} ${FROM_DELIVERIES} where d.key ${OF_EVENT} order by d.key`,
    );
    return (eventId) => {
      const found = seqOf.get(uuidToBytes(eventId));
      return found === undefined
        ? []
        : ofEvent.all(found.seq, found.seq).map((row) => toDelivery(numbersOf(row), row));
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
    const walkAll = prepareRows<DeadLetterRow & Numbered>(db, deadLettersSql(''));
    const walkOf = prepareRows<DeadLetterRow & Numbered>(db, deadLettersSql('and d.destination = ?'));
    const seqRange = prepareSeqRange(db);
    const seqsOf = ({ sinceMs, untilMs }: DeadLetterFilter): SeqRange => {
      if (sinceMs === undefined && untilMs === undefined) return ALL_SEQS;
      return seqRange({ sinceId: firstIdOf(sinceMs ?? 0), untilId: firstIdOf(untilMs ?? Infinity) });
    };
    return (limit, before, filter = {}) => {
      const fits = fitsDeadLetter(filter);
      const deliveries: DeadLetter[] = [];
      const { from, to } = seqsOf(filter);
      let last = Math.min(to * STRIDE, before === null ? Infinity : Number(before));
      let read = 0;
      const rows =
        filter.destination === undefined
          ? walkAll.iterate(from * STRIDE, last)
          : walkOf.iterate(from * STRIDE, last, filter.destination);
      for (const row of rows) {
        const letter = toDeadLetter(numbersOf(row), row);
        if (fits(letter)) {
          if (deliveries.length === limit) return { deliveries, next: String(last) };
          deliveries.push(letter);
        }
        last = row.key;
        read += 1;
      }
      return { deliveries, next: read < MAX_DEAD_LETTERS_READ ? null : String(last) };
    };
  },
  stats: prepareStats,
};

export function numbersOf(row: Numbered): DeliveryNumbers {
  return {
    eventId: bytesToUuid(row.event_id),
    number: numberOfKey(row.key),
    replayOf: numberOrNull(row.replay_of),
    replayedBy: numberOrNull(row.replayed_by),
    sentAs: numberOrNull(row.sent_as),
  };
}

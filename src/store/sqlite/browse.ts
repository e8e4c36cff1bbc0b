import type { DatabaseSync } from 'node:sqlite';
import type { Attempt, AttemptOutcome } from '../../domain/attempt.ts';
import type { Delivery, DeliveryStatus } from '../../domain/delivery.ts';
import type { EventView, WebhookEvent } from '../../domain/event.ts';
import type { Turn } from '../../domain/order.ts';
import type { DeadLetterPage, OrderCount, SourceState, StatusCount, StoreStats } from '../store.ts';
import { prepareRejectedQueries, type RejectedQueries } from './browse-rejected.ts';
import { prepareReadEvent } from './claim.ts';
import { deliveryIdOfKey, KEY_OF_ID, keyParts, OF_EVENT, STRIDE } from './delivery-key.ts';
import { type DueQueries, prepareDueQueries } from './due.ts';
import { prepareEventView, VIEW_COLUMNS } from './event-view.ts';
import { type OrderQueries, prepareOrderQueries } from './order.ts';
import { prepareReadSourceState } from './source-state.ts';
import { bytesToUuid, uuidToBytes } from './uuid-bytes.ts';

/** The port's questions, answered synchronously on the reading connection. */
export type Queries = RejectedQueries &
  DueQueries &
  OrderQueries &
  Readonly<{
    eventById(id: string): EventView | null;
    eventByKey(source: string, idempotencyKey: string): EventView | null;
    readEvent(id: string): WebhookEvent | null;
    deliveriesOf(eventId: string): Delivery[];
    attemptsOf(deliveryId: string): Attempt[];
    listDeadLetters(limit: number, before: string | null): DeadLetterPage;
    stats(): StoreStats;
    readSourceState(source: string): SourceState[];
  }>;

const DELIVERIES = `
  select e.id as event_id, d.key, d.destination, d.status, d.attempts, d.due_at, d.last_error, d.created_at,
    d.updated_at, d.replay_of, d.order_key, d.turn
  from deliveries d join events e on e.seq = d.key / ${STRIDE}`;

export const DEAD_LETTERS_SQL = `${DELIVERIES} where d.status = 'failed' and d.key < ? order by d.key desc limit ?`;

const AFTER_ALL = Number.MAX_SAFE_INTEGER;

export function prepareQueries(db: DatabaseSync): Queries {
  const byId = db.prepare(`select ${VIEW_COLUMNS} from events where id = ?`);
  const byKey = db.prepare(`select ${VIEW_COLUMNS} from events where source = ? and idempotency_key = ?`);
  const seqOf = db.prepare('select seq from events where id = ?');
  const ofEvent = db.prepare(`${DELIVERIES} where d.key ${OF_EVENT} order by d.key`);
  const attempts = db.prepare(
    `select number, started_at, ended_at, outcome, error, http_status, response_excerpt
     from attempts where delivery_key = ${KEY_OF_ID} order by number`,
  );
  const deadLetters = db.prepare(DEAD_LETTERS_SQL);
  const viewOf = prepareEventView(db);
  const readEvent = prepareReadEvent(db, 'id');
  const findSeq = (eventId: string) =>
    (seqOf.get(uuidToBytes(eventId)) as { seq: number } | undefined)?.seq ?? -1;
  return {
    ...prepareDueQueries(db),
    ...prepareOrderQueries(db),
    eventById(id) {
      const row = byId.get(uuidToBytes(id));
      return row === undefined ? null : viewOf(row);
    },
    eventByKey(source, idempotencyKey) {
      const row = byKey.get(source, idempotencyKey);
      return row === undefined ? null : viewOf(row);
    },
    readEvent: (id) => readEvent(uuidToBytes(id)),
    deliveriesOf(eventId) {
      const seq = findSeq(eventId);
      return ofEvent.all(seq, seq).map(toDelivery);
    },
    attemptsOf: (deliveryId) => attempts.all(...keyParts(deliveryId)).map(toAttempt),
    listDeadLetters(limit, before) {
      const rows = deadLetters.all(before === null ? AFTER_ALL : Number(before), limit + 1);
      const page = rows.slice(0, limit);
      return {
        deliveries: page.map(toDelivery),
        next: rows.length > limit ? String(page.at(-1)!.key) : null,
      };
    },
    stats: prepareStats(db),
    readSourceState: prepareReadSourceState(db),
    ...prepareRejectedQueries(db),
  };
}

/** The pending delivery that has waited longest: the first of each destination's due index, or a waiting retry. */
export const OLDEST_DUE_SQL = `
  select due_at as at from deliveries where destination = ? and status = 'pending' order by due_at limit 1`;
export const OLDEST_WAITING_SQL = `
  select created_at as at from deliveries where status = 'pending' and due_at <> created_at
  order by created_at limit 1`;

const ORDER_COUNTS_SQL = `
  select destination, sum(iif(name = 'waiting', count, 0)) as waiting, sum(iif(name = 'blocked', count, 0)) as blocked
  from order_counts where count <> 0 group by destination`;

function prepareStats(db: DatabaseSync): () => StoreStats {
  const counts = db.prepare('select destination, status, count from delivery_counts where count <> 0');
  const order = db.prepare(ORDER_COUNTS_SQL);
  const events = db.prepare(`select value from totals where name = 'events'`);
  const oldestDue = db.prepare(OLDEST_DUE_SQL);
  const oldestWaiting = db.prepare(OLDEST_WAITING_SQL);
  const size = db.prepare(
    'select page_count * page_size as bytes from pragma_page_count(), pragma_page_size()',
  );
  return () => {
    const rows = counts.all() as unknown as StatusCount[];
    // A first try is due the moment it is created, so the earliest due time dates the oldest of those.
    const times = rows
      .filter(({ status }) => status === 'pending')
      .map(({ destination }) => oldestDue.get(destination) as { at: number } | undefined);
    times.push(oldestWaiting.get() as { at: number } | undefined);
    const known = times.flatMap((time) => (time === undefined ? [] : [time.at]));
    return {
      order: (order.all() as unknown as OrderCount[]).map((row) => ({ ...row })),
      counts: rows.map(({ destination, status, count }) => ({ destination, status, count })),
      events: (events.get() as { value: number }).value,
      oldestPendingAtMs: known.length === 0 ? null : Math.min(...known),
      databaseBytes: (size.get() as { bytes: number }).bytes,
    };
  };
}

function toDelivery(row: Record<string, unknown>): Delivery {
  const eventId = bytesToUuid(row.event_id as Uint8Array);
  return {
    id: deliveryIdOfKey(eventId, row.key as number),
    eventId,
    destination: row.destination as string,
    status: row.status as DeliveryStatus,
    attempts: row.attempts as number,
    dueAtMs: row.due_at as number,
    lastError: row.last_error as string | null,
    createdAtMs: row.created_at as number,
    updatedAtMs: row.updated_at as number,
    replayOf: row.replay_of === null ? null : deliveryIdOfKey(eventId, row.replay_of as number),
    orderKey: row.order_key as string | null,
    turn: row.turn as Turn | null,
  };
}

function toAttempt(row: Record<string, unknown>): Attempt {
  return {
    number: row.number as number,
    startedAtMs: row.started_at as number,
    endedAtMs: row.ended_at as number,
    outcome: row.outcome as AttemptOutcome,
    error: row.error as string | null,
    httpStatus: row.http_status as number | null,
    responseExcerpt: row.response_excerpt as string | null,
  };
}

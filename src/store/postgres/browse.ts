import type { Attempt, AttemptOutcome } from '../../domain/attempt.ts';
import { type Delivery, type DeliveryStatus, deliveryIdOf } from '../../domain/delivery.ts';
import type { Turn } from '../../domain/order.ts';
import type { Verbs } from '../forward.ts';
import type { BrowseStore } from '../store.ts';
import { EVENT_COLUMNS, toEvent } from './claim.ts';
import type { QueryContext, Row, Statement } from './database.ts';
import { deliveryKey } from './delivery-key.ts';
import { VIEW_COLUMNS, viewOf } from './event-view.ts';

const DELIVERIES = `
select event_id, number, destination, status, attempts, due_at, last_error, created_at, updated_at, replay_of, order_key,
  turn
from deliveries`;

export const EVENT_BY_ID: Statement = {
  name: 'event_by_id',
  text: `select ${VIEW_COLUMNS} from events e where e.id = $1`,
};
export const EVENT_BY_KEY: Statement = {
  name: 'event_by_key',
  text: `select ${VIEW_COLUMNS} from events e where e.source = $1 and e.idempotency_key = $2`,
};
export const READ_EVENT: Statement = {
  name: 'read_event',
  text: `select ${EVENT_COLUMNS} from events e where e.id = $1`,
};
export const DELIVERIES_OF: Statement = {
  name: 'deliveries_of',
  text: `${DELIVERIES} where event_id = $1 order by number`,
};
export const ATTEMPTS_OF: Statement = {
  name: 'attempts_of',
  text: `
select number, started_at, ended_at, outcome, error, http_status, response_excerpt
from attempts where event_id = $1 and delivery = $2 order by number`,
};
export const DEAD_LETTERS: Statement = {
  name: 'dead_letters',
  text: `
${DELIVERIES} where status = 'failed' and (event_id, number) < ($1::uuid, $2::integer)
order by event_id desc, number desc limit $3`,
};

const AFTER_ALL = 'ffffffff-ffff-ffff-ffff-ffffffffffff';

/** @see BrowseStore */
export const browseVerbs: Verbs<QueryContext, Exclude<keyof BrowseStore, 'stats'>> = {
  async eventById({ query }, id) {
    const [row] = await query(EVENT_BY_ID, [id]);
    return row === undefined ? null : viewOf(row);
  },
  async eventByKey({ query }, source, key) {
    const [row] = await query(EVENT_BY_KEY, [source, key]);
    return row === undefined ? null : viewOf(row);
  },
  async readEvent({ query }, id) {
    const [row] = await query(READ_EVENT, [id]);
    return row === undefined ? null : toEvent(row);
  },
  async deliveriesOf({ query }, eventId) {
    return (await query(DELIVERIES_OF, [eventId])).map(toDelivery);
  },
  async attemptsOf({ query }, deliveryId) {
    const { eventId, number } = deliveryKey(deliveryId);
    return (await query(ATTEMPTS_OF, [eventId, number])).map(toAttempt);
  },
  /** The cursor is the id of the last delivery of the page. */
  async listDeadLetters({ query }, limit, before) {
    const { eventId, number } = before === null ? { eventId: AFTER_ALL, number: 0 } : deliveryKey(before);
    const rows = await query(DEAD_LETTERS, [eventId, number, limit + 1]);
    const deliveries = rows.slice(0, limit).map(toDelivery);
    return { deliveries, next: rows.length > limit ? deliveries.at(-1)!.id : null };
  },
};

function toDelivery(row: Row): Delivery {
  const eventId = row.event_id as string;
  return {
    id: deliveryIdOf(eventId, row.number as number),
    eventId,
    destination: row.destination as string,
    status: row.status as DeliveryStatus,
    attempts: row.attempts as number,
    dueAtMs: row.due_at as number,
    lastError: row.last_error as string | null,
    createdAtMs: row.created_at as number,
    updatedAtMs: row.updated_at as number,
    replayOf: row.replay_of === null ? null : deliveryIdOf(eventId, row.replay_of as number),
    orderKey: row.order_key as string | null,
    turn: row.turn as Turn | null,
  };
}

function toAttempt(row: Row): Attempt {
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

import { type HashNames, laterKeyParts } from '../erased-names.ts';
import type { Verbs } from '../forward.ts';
import { keyDigest } from '../marked-key.ts';
import { type AttemptRow, type DeliveryNumbers, type DeliveryRow, toAttempt, toDelivery } from '../rows.ts';
import type { BrowseStore } from '../store.ts';
import { EVENT_COLUMNS, type IdentifiedEventRow, readEventRow } from './claim.ts';
import type { QueryContext, Statement } from './database.ts';
import { deliveryKey } from './delivery-key.ts';
import type { Erasure } from './erasure.ts';
import { VIEW_COLUMNS, type ViewRow, viewOf } from './event-view.ts';

/** A delivery's own number, and those of others of its event. */
export type Numbered = Readonly<{
  event_id: string;
  number: number;
  replay_of: number | null;
  replayed_by: number | null;
  sent_as: number | null;
}>;

/** The columns of a delivery `d`. */
export const DELIVERY_COLUMNS = `
  d.event_id, d.number, d.destination, d.status, d.attempts, d.due_at, d.last_error, d.failure_group, d.created_at, d.updated_at,
  d.replay_of, d.replayed_by, d.sent_as, d.order_key, d.turn`;

export const EVENT_BY_ID: Statement<ViewRow> = {
  name: 'event_by_id',
  text: `select ${VIEW_COLUMNS} from events e where e.id = $1`,
};
export const EVENT_BY_KEY: Statement<ViewRow> = {
  name: 'event_by_key',
  text: `
select ${VIEW_COLUMNS} from events e where e.id = coalesce(
  (select n.id from replay_marks m join events n on n.id = m.event_id where m.source = $1 and m.digest = $3),
  (select k.id from events k where k.source = $1 and k.idempotency_key = $2)
)`,
};
/** The same where events may be erased, with the hashes of the names. */
export const EVENT_BY_HIDDEN_KEY: Statement<ViewRow> = {
  name: 'event_by_hidden_key',
  text: `
select ${VIEW_COLUMNS} from events e where e.id = coalesce(
  (select n.id from replay_marks m join events n on n.id = m.event_id where m.source = $1 and m.digest = $3),
  (select n.id from replay_marks m join events n on n.id = m.event_id where m.source = $1 and m.digest = $4),
  (select k.id from events k where k.source = $1 and k.idempotency_key = $2),
  (select x.event_id from erased x where x.source = $1 and x.key_hash = $5 order by x.key_number desc limit 1),
  (select x.event_id from erased x where x.source = $1 and x.key_hash = $6 and x.key_number = $7)
)`,
};
export const READ_EVENT: Statement<IdentifiedEventRow> = {
  name: 'read_event',
  text: `
select ${EVENT_COLUMNS} from events e where e.id = $1
  and not exists (select from erased x where x.event_id = e.id and x.erased_at is not null)`,
};

export const HAS_EVENTS: Statement<{ found: boolean }> = {
  name: 'has_events',
  text: `select exists (select 1 from events where source = $1) as found`,
};
export const DELIVERIES_OF: Statement<DeliveryRow & Numbered> = {
  name: 'deliveries_of',
  text: `select ${DELIVERY_COLUMNS} from deliveries d where event_id = $1 order by number`,
};
export const ATTEMPTS_OF: Statement<AttemptRow> = {
  name: 'attempts_of',
  text: `
select number, started_at, ended_at, outcome, error, http_status, response_excerpt
from attempts where event_id = $1 and delivery = $2 order by number`,
};

/** @see BrowseStore */
export const browseVerbs: Verbs<
  QueryContext & Readonly<{ erasure: Erasure }>,
  Exclude<keyof BrowseStore, 'stats' | 'duplicatesOf' | 'listDeadLetters'>
> = {
  async eventById({ query }, id) {
    const [row] = await query(EVENT_BY_ID, [id]);
    return row === undefined ? null : viewOf(row);
  },
  async eventByKey({ query, erasure }, source, key) {
    const names = await erasure.read(query);
    const digest = keyDigest(key);
    const [row] =
      names === null
        ? await query(EVENT_BY_KEY, [source, key, digest])
        : await query(EVENT_BY_HIDDEN_KEY, [source, key, digest, ...hiddenNames(names, source, key)]);
    return row === undefined ? null : viewOf(row);
  },
  async hasEvents({ query }, source) {
    const [row] = await query(HAS_EVENTS, [source]);
    return row?.found === true;
  },
  async readEvent({ query }, id) {
    const [row] = await query(READ_EVENT, [id]);
    return row === undefined ? null : readEventRow(row);
  },
  async deliveriesOf({ query }, eventId) {
    return (await query(DELIVERIES_OF, [eventId])).map((row) => toDelivery(numbersOf(row), row));
  },
  async attemptsOf({ query }, deliveryId) {
    const { eventId, number } = deliveryKey(deliveryId);
    return (await query(ATTEMPTS_OF, [eventId, number])).map(toAttempt);
  },
};

function hiddenNames(names: HashNames, source: string, key: string): readonly unknown[] {
  const later = laterKeyParts(key);
  return [
    names.ofMark(source, keyDigest(key)),
    names.ofKey(source, key),
    later === null ? null : names.ofKey(source, later.name),
    later?.number ?? null,
  ];
}

export function numbersOf(row: Numbered): DeliveryNumbers {
  return {
    eventId: row.event_id,
    number: row.number,
    replayOf: row.replay_of,
    replayedBy: row.replayed_by,
    sentAs: row.sent_as,
  };
}

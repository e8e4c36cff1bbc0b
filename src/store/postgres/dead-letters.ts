import { deliveryIdOf } from '../../domain/delivery.ts';
import type { Verbs } from '../forward.ts';
import { firstIdOf } from '../plan-search.ts';
import { type DeadLetterRow, pageOf, toDeadLetter } from '../rows.ts';
import { MAX_DEAD_LETTERS_READ } from '../store.ts';
import { DELIVERY_COLUMNS, type Numbered, numbersOf } from './browse.ts';
import type { QueryContext, Statement } from './database.ts';
import { deliveryKey } from './delivery-key.ts';

const NEXT = `
from deliveries
where status = 'failed' and (event_id, number) < ($1::uuid, $2::integer) and event_id >= $3::uuid
order by event_id desc, number desc`;

/**
 * The index of dead letters has their ids alone, and so bounds the times; what else is asked for is looked at in each of
 * them, a bounded number for a page. \`offset 0\` keeps the look at the event behind the walk.
 */
export const DEAD_LETTERS: Statement<DeadLetterRow & Numbered> = {
  name: 'dead_letters',
  text: `
select ${DELIVERY_COLUMNS}, e.source, e.event_type, e.idempotency_key,
  (select x.erased_at from erased x where x.event_id = d.event_id) as erased_at
from (select * ${NEXT} limit ${MAX_DEAD_LETTERS_READ}) d cross join lateral (
  select source, event_type, idempotency_key from events where id = d.event_id offset 0
) e
where ($4::boolean or d.replayed_by is null)
  and ($5::text is null or d.destination = $5)
  and ($6::text is null or e.source = $6)
  and ($7::text is null or e.event_type = $7)
  and ($8::text is null or position(lower($8 collate "C") in lower(d.last_error collate "C")) > 0)
order by d.event_id desc, d.number desc limit $9`,
};

/** The last of those that a page has looked at, if there may be more behind it. */
export const LAST_READ: Statement<{ event_id: string; number: number }> = {
  name: 'last_dead_letter_read',
  text: `select event_id, number ${NEXT} offset ${MAX_DEAD_LETTERS_READ - 1} limit 1`,
};

/** The cursor is the id of a delivery. */
export const deadLetterVerbs: Verbs<QueryContext, 'listDeadLetters'> = {
  async listDeadLetters({ query }, limit, before, filter = {}) {
    const { destination, source, eventType, sinceMs, untilMs, error, superseded = false } = filter;
    const start = [before ?? AFTER_ALL, untilMs === undefined ? AFTER_ALL : firstIdOf(untilMs)];
    const { eventId, number } = deliveryKey(start.reduce((a, b) => (a < b ? a : b)));
    const range = [eventId, number, sinceMs === undefined ? BEFORE_ALL : firstIdOf(sinceMs)];
    const asked = [destination, source, eventType, error].map((value) => value ?? null);
    const found = await query(DEAD_LETTERS, [...range, superseded, ...asked, limit + 1]);
    const { rows, next } = pageOf(found, limit, idOf);
    const deliveries = rows.map((row) => toDeadLetter(numbersOf(row), row));
    if (next !== null) return { deliveries, next };
    const [last] = await query(LAST_READ, range);
    return { deliveries, next: last === undefined ? null : idOf(last) };
  },
};

const AFTER_ALL = 'ffffffff-ffff-ffff-ffff-ffffffffffff';
const BEFORE_ALL = '00000000-0000-0000-0000-000000000000';

function idOf({ event_id: eventId, number }: Pick<Numbered, 'event_id' | 'number'>): string {
  return deliveryIdOf(eventId, number);
}

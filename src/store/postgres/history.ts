import type { Verbs } from '../forward.ts';
import type { EventHistory } from '../store.ts';
import { addCounts } from './counters.ts';
import type { Database, Statement } from './database.ts';

const DELIVERY_COLUMNS = {
  event_id: 'uuid',
  number: 'integer',
  destination: 'text',
  status: 'text',
  attempts: 'integer',
  due_at: 'bigint',
  last_error: 'text',
  failure_group: 'text',
  created_at: 'bigint',
  updated_at: 'bigint',
  replay_of: 'integer',
  replayed_by: 'integer',
  sent_as: 'integer',
  order_key: 'text',
};
const ATTEMPT_COLUMNS = {
  event_id: 'uuid',
  delivery: 'integer',
  number: 'integer',
  started_at: 'bigint',
  ended_at: 'bigint',
  outcome: 'text',
  error: 'text',
  http_status: 'integer',
  response_excerpt: 'text',
};
const DUPLICATE_COLUMNS = { event_id: 'uuid', count: 'bigint', last_at: 'bigint', differed: 'integer' };

type Columns = Readonly<Record<string, string>>;

/** Adds rows whose columns are parameters from `at` on, as far as they are of fresh events. */
function addRows(table: string, columns: Columns, at: number, returning = ''): string {
  const names = Object.keys(columns).join(', ');
  const input = Object.values(columns).map((type, index) => `$${at + index}::${type}[]`);
  return `
  insert into ${table} (${names})
  select ${names} from unnest(${input.join(', ')}) as t (${names})
  where event_id in (select event_id from fresh)
  on conflict do nothing ${returning}`;
}

const DELIVERIES_AT = 2;
const ATTEMPTS_AT = DELIVERIES_AT + Object.keys(DELIVERY_COLUMNS).length;
const DUPLICATES_AT = ATTEMPTS_AT + Object.keys(ATTEMPT_COLUMNS).length;

/** The rows of whole events, and the counts with them. Ids are sorted, so that two nodes do not deadlock. */
export const ADD_HISTORY: Statement = {
  name: 'add_history',
  text: `
with fresh as materialized (
  select asked.event_id from unnest($1::uuid[]) as asked (event_id)
  where exists (select from events e where e.id = asked.event_id)
    and not exists (select from deliveries d where d.event_id = asked.event_id)
    and not exists (select from erased x where x.event_id = asked.event_id and x.erased_at is not null)
),
added as (${addRows('deliveries', DELIVERY_COLUMNS, DELIVERIES_AT, 'returning destination, status, replayed_by')}),
tried as (${addRows('attempts', ATTEMPT_COLUMNS, ATTEMPTS_AT)}),
repeated as (${addRows('duplicates', DUPLICATE_COLUMNS, DUPLICATES_AT)})
${addCounts('added', {
  completed: `count(*) filter (where status = 'completed')`,
  failed: `count(*) filter (where status = 'failed' and replayed_by is null)`,
})}`,
};

/** @see HistoryStore */
export const historyVerbs: Verbs<Readonly<{ background: Database }>, 'addHistory'> = {
  async addHistory({ background }, histories) {
    if (histories.length > 0) await background.query(ADD_HISTORY, valuesOf(histories));
  },
};

function valuesOf(histories: readonly EventHistory[]): unknown[] {
  const sorted = histories.toSorted((a, b) => (a.eventId < b.eventId ? -1 : 1));
  const deliveries = sorted.flatMap(({ eventId, deliveries: own }) =>
    own.map((past) => ({ eventId, ...past })),
  );
  const tries = deliveries.flatMap(({ eventId, number, tries: own }) =>
    own.map((attempt) => ({ eventId, delivery: number, ...attempt })),
  );
  const repeated = sorted.flatMap(({ eventId, duplicates }) =>
    duplicates === null ? [] : { eventId, ...duplicates },
  );
  return [
    sorted.map(({ eventId }) => eventId),
    ...columnsOf(deliveries, [
      ...(['eventId', 'number', 'destination', 'status', 'attempts', 'dueAtMs', 'lastError'] as const),
      ...(['failureGroup', 'createdAtMs', 'updatedAtMs', 'replayOf', 'replayedBy', 'sentAs'] as const),
      'orderKey',
    ]),
    ...columnsOf(tries, [
      ...(['eventId', 'delivery', 'number', 'startedAtMs', 'endedAtMs', 'outcome', 'error'] as const),
      ...(['httpStatus', 'responseExcerpt'] as const),
    ]),
    ...columnsOf(repeated, ['eventId', 'count', 'lastAtMs']),
    repeated.map(({ differed }) => (differed ? 1 : 0)),
  ];
}

function columnsOf<Row>(rows: readonly Row[], names: readonly (keyof Row)[]): unknown[][] {
  return names.map((name) => rows.map((row) => row[name]));
}

import type { AttemptOutcome } from '../../domain/attempt.ts';
import { deliveryIdOf } from '../../domain/delivery.ts';
import { MAX_FAILURE_GROUPS } from '../failure-group.ts';
import type { Verbs } from '../forward.ts';
import type { FailureGroup, FailureStore } from '../port/failures.ts';
import type { QueryContext, Statement } from './database.ts';

type GroupRow = Readonly<{
  destination: string;
  failure_group: string | null;
  count: number;
  first_at: number;
  last_at: number;
  event_id: string | null;
  number: number | null;
  last_error: string | null;
  outcome: AttemptOutcome | null;
  http_status: number | null;
  response_excerpt: string | null;
}>;

const DEAD = `status = 'failed' and replayed_by is null`;

/** The groups as `rankGroups` ranks them, each with the member that failed last. */
export const FAILURE_GROUPS: Statement<GroupRow> = {
  name: 'failure_groups',
  text: `
with counted as materialized (
  select destination, failure_group, count(*) as count, min(updated_at) as first_at, max(updated_at) as last_at
  from deliveries where ${DEAD} and ($1::text is null or destination = $1) group by destination, failure_group
),
ranked as (
  select *, failure_group is not null and row_number() over (
    partition by destination order by failure_group is null, count desc, last_at desc, failure_group collate "C"
  ) <= ${MAX_FAILURE_GROUPS} as is_named
  from counted
),
groups as (
  select destination, case when is_named then failure_group end as failure_group, sum(count)::bigint as count,
    min(first_at) as first_at, max(last_at) as last_at
  from ranked group by 1, 2
)
select g.*, s.event_id, s.number, s.last_error, a.outcome, a.http_status, a.response_excerpt
from groups g left join lateral (
  select event_id, number, attempts, last_error from deliveries
  where ${DEAD} and destination = g.destination and failure_group = g.failure_group
  order by updated_at desc, event_id desc, number desc limit 1
) s on true
left join attempts a on a.event_id = s.event_id and a.delivery = s.number and a.number = s.attempts
order by g.destination, g.failure_group is null, g.count desc, g.last_at desc, g.failure_group collate "C"`,
};

/** @see FailureStore */
export const failureVerbs: Verbs<QueryContext, keyof FailureStore> = {
  async failureGroups({ query }, destination) {
    return (await query(FAILURE_GROUPS, [destination])).map(toGroup);
  },
};

function toGroup(row: GroupRow): FailureGroup {
  const { destination, failure_group: group, count, event_id: eventId, number } = row;
  return {
    destination,
    group,
    count,
    firstAtMs: row.first_at,
    lastAtMs: row.last_at,
    sample:
      eventId === null || number === null
        ? null
        : {
            deliveryId: deliveryIdOf(eventId, number),
            error: row.last_error,
            outcome: row.outcome ?? 'failed',
            httpStatus: row.http_status,
            responseExcerpt: row.response_excerpt,
          },
  };
}

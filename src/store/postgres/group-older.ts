import type { AttemptOutcome } from '../../domain/attempt.ts';
import { failureGroupOf } from '../failure-group.ts';
import { integers, texts, uuids } from './binary-arrays.ts';
import type { Query, Statement } from './database.ts';

/** Dead letters that are grouped by one statement. */
const PAGE = 500;

type OlderRow = Readonly<{
  event_id: string;
  number: number;
  last_error: string;
  outcome: AttemptOutcome | null;
  http_status: number | null;
  response_excerpt: string | null;
}>;

/** Those without a group, behind a place in the order of the index of dead letters. An erased one has no error. */
export const OLDER: Statement<OlderRow> = {
  name: 'failures_without_group',
  text: `
select d.event_id, d.number, d.last_error, a.outcome, a.http_status, a.response_excerpt
from deliveries d left join attempts a on a.event_id = d.event_id and a.delivery = d.number and a.number = d.attempts
where d.status = 'failed' and d.failure_group is null and d.last_error is not null
  and (d.event_id, d.number) > ($1::uuid, $2::integer)
order by d.event_id, d.number limit ${PAGE}`,
};

/** Unless it was erased, or replayed and deleted, meanwhile. */
export const GROUP: Statement = {
  name: 'group_failures',
  text: `
update deliveries d set failure_group = g.failure_group
from unnest($1::uuid[], $2::integer[], $3::text[]) as g (event_id, number, failure_group)
where d.event_id = g.event_id and d.number = g.number and d.status = 'failed' and d.last_error is not null`,
};

/** Groups the dead letters of versions that did not. What such a version still writes is grouped by the next start. */
export async function groupOlder(query: Query, signal: AbortSignal): Promise<void> {
  let after: readonly [string, number] = ['00000000-0000-0000-0000-000000000000', 0];
  while (!signal.aborted) {
    const rows = await query(OLDER, after);
    if (rows.length === 0) return;
    const groups = rows.map((row) =>
      failureGroupOf({
        outcome: row.outcome ?? 'failed',
        error: row.last_error,
        httpStatus: row.http_status,
        responseExcerpt: row.response_excerpt,
      }),
    );
    await query(GROUP, [
      uuids(rows.map((row) => row.event_id)),
      integers(rows.map((row) => row.number)),
      texts(groups),
    ]);
    const last = rows.at(-1)!;
    after = [last.event_id, last.number];
  }
}

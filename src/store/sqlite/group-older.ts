import type { DatabaseSync } from 'node:sqlite';
import type { AttemptOutcome } from '../../domain/attempt.ts';
import { failureGroupOf } from '../failure-group.ts';
import { prepareRows } from './prepare-rows.ts';

type OlderRow = Readonly<{
  key: number;
  last_error: string;
  outcome: AttemptOutcome | null;
  http_status: number | null;
  response_excerpt: string | null;
}>;

/** Dead letters that are grouped at a time. */
const PAGE = 500;

/** Groups what has failed under a version without groups, within the transaction of the migration. */
export function groupOlder(db: DatabaseSync): void {
  const older = prepareRows<OlderRow>(
    db,
    `select d.key, d.last_error, a.outcome, a.http_status, a.response_excerpt
     from deliveries d left join attempts a on a.delivery_key = d.key and a.number = d.attempts
     where d.status = 'failed' and d.last_error is not null and d.key > ? order by d.key limit ${PAGE}`,
  );
  const group = db.prepare('update deliveries set failure_group = ? where key = ?');
  for (let rows = older.all(0); rows.length > 0; rows = older.all(rows.at(-1)!.key)) {
    for (const { key, last_error: error, outcome, http_status: httpStatus, response_excerpt } of rows) {
      const failure = { outcome: outcome ?? 'failed', error, httpStatus, responseExcerpt: response_excerpt };
      group.run(failureGroupOf(failure), key);
    }
  }
}

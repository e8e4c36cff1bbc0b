import type { AttemptOutcome } from '../../domain/attempt.ts';
import { deliveryIdOf } from '../../domain/delivery.ts';
import { type CountedGroup, rankGroups } from '../rank-groups.ts';
import { numberOfKey, STRIDE } from './delivery-key.ts';
import { prepareRows } from './prepare-rows.ts';
import { bytesToUuid } from './uuid-bytes.ts';
import type { Reads } from './verbs.ts';

type CountRow = Readonly<{
  destination: string;
  failure_group: string | null;
  count: number;
  first_at: number;
  last_at: number;
}>;

type SampleRow = Readonly<{
  key: number;
  event_id: Uint8Array;
  last_error: string | null;
  outcome: AttemptOutcome | null;
  http_status: number | null;
  response_excerpt: string | null;
}>;

const DEAD = `status = 'failed' and replayed_by is null`;

const countSql = (condition: string) => `
  select destination, failure_group, count(*) as count, min(updated_at) as first_at, max(updated_at) as last_at
  from deliveries indexed by deliveries_failures where ${DEAD} ${condition}
  group by destination, failure_group`;

const SAMPLE_SQL = `
  select d.key, e.id as event_id, d.last_error, a.outcome, a.http_status, a.response_excerpt
  from deliveries d indexed by deliveries_failures join events e on e.seq = d.key / ${STRIDE}
  left join attempts a on a.delivery_key = d.key and a.number = d.attempts
  where d.status = 'failed' and d.replayed_by is null and d.destination = ? and d.failure_group = ?
  order by d.updated_at desc limit 1`;

/** @see FailureStore */
export const failureReads: Reads<'failureGroups'> = {
  failureGroups(db) {
    const countAll = prepareRows<CountRow>(db, countSql(''));
    const countOf = prepareRows<CountRow>(db, countSql('and destination = ?'));
    const findSample = prepareRows<SampleRow>(db, SAMPLE_SQL);
    return (destination) => {
      const rows = destination === null ? countAll.iterate() : countOf.iterate(destination);
      return rankGroups(counted(rows)).map((one) => {
        const row = one.group === null ? undefined : findSample.get(one.destination, one.group);
        return { ...one, sample: row === undefined ? null : toSample(row) };
      });
    };
  },
};

function* counted(rows: Iterable<CountRow>): Generator<CountedGroup> {
  for (const { destination, failure_group: group, count, first_at, last_at } of rows) {
    yield { destination, group, count, firstAtMs: first_at, lastAtMs: last_at };
  }
}

function toSample(row: SampleRow) {
  return {
    deliveryId: deliveryIdOf(bytesToUuid(row.event_id), numberOfKey(row.key)),
    error: row.last_error,
    outcome: row.outcome ?? 'failed',
    httpStatus: row.http_status,
    responseExcerpt: row.response_excerpt,
  };
}

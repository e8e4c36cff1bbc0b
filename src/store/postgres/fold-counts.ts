import { systemClock } from '../../runtime/clock.ts';
import { createRunLoop } from '../../runtime/run-loop.ts';
import type { Service } from '../../runtime/service.ts';
import { SHARDS, shardsSince } from './counters.ts';
import type { Query, Statement } from './database.ts';

const FOLD_EVERY_MS = 10_000;
/** The present one, and those in which statements that are under way may have begun. */
const TERMS_UNFOLDED = 3;

/** The tables of counters: what their rows are for, beside the shard, and what they count. */
const COUNTERS: readonly Readonly<{ table: string; of: readonly string[]; counts: readonly string[] }>[] = [
  { table: 'order_counts', of: ['destination'], counts: ['waiting', 'blocked'] },
  {
    table: 'delivery_counts',
    of: ['destination'],
    counts: ['pending', 'processing', 'completed', 'failed', 'held'],
  },
  { table: 'totals', of: [], counts: ['events', 'pending'] },
];

/**
 * Moves what past terms have counted to the rows that belong to none, see counters.ts. A statement that is later still
 * makes a row of its own, for the next fold.
 */
export const FOLDS: readonly Statement[] = COUNTERS.map(({ table, of, counts }) => {
  const key = [...of, 'shard'].join(', ');
  const groups =
    of.length === 0 ? 'having count(*) > 0' : `group by ${of.join(', ')} order by ${of.join(', ')}`;
  return {
    name: `fold_${table}`,
    text: `
with past as (
  delete from ${table}
  where shard >= ${SHARDS} and shard < ${shardsSince(TERMS_UNFOLDED)}
  returning *
)
insert into ${table} as c (${key}, ${counts.join(', ')})
select ${[...of, `pg_backend_pid() % ${SHARDS}`, ...counts.map((count) => `coalesce(sum(${count}), 0)`)].join(', ')} from past ${groups}
on conflict (${key}) do update set ${counts.map((count) => `${count} = coalesce(c.${count}, 0) + excluded.${count}`).join(', ')}`,
  };
});

export async function fold(query: Query): Promise<void> {
  for (const statement of FOLDS) await query(statement);
}

/** Folds now and then, on every node: whoever adds up relies on it. What fails is folded the next time. */
export function createFolding(query: Query): Service {
  return createRunLoop(systemClock, FOLD_EVERY_MS, 'after a pause', () => fold(query).catch(() => {}));
}

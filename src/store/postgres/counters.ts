/** Rows of a counter that backends share out among themselves. */
export const SHARDS = 64;
const TERM_MS = 10_000;
/** How many of the last terms are added up: twice as many as there are before they are folded, and more. */
const TERMS_COUNTED = 8;

/** The number of the present term, small enough for a shard to be an integer: it repeats after five years. */
const TERM = `(date_part('epoch', statement_timestamp())::bigint / ${TERM_MS / 1_000} % 16777216)`;

/**
 * How many deliveries are in each status, and how many events there are: parts of the statements that change them, so
 * that the counts are committed with the rows. Each backend adds to rows of its own, since a row that all of them
 * changed would make each commit wait for the one before. Where backends meet on a row, neither waits for the other in a
 * circle, since every statement has its parts in one order: addOrderCounts, addCounts, addTotals.
 *
 * Rows are new every ten seconds, a *term*. Each change leaves a version of the row behind, which nobody can remove under a
 * snapshot that somebody holds; a statement finds its row by way of all of them, which so are never many. What past terms
 * have counted is folded into rows that belong to none (fold-counts.ts).
 */
export const SHARD = `(pg_backend_pid() % ${SHARDS} + ${shardsSince(1)})::integer`;

/** The first shard of the last so many terms. */
export function shardsSince(terms: number): string {
  return `(${SHARDS} * (${TERM} + 2 - ${terms}))`;
}

/**
 * Adds up the changes that a CTE made. Rows are taken in the order of destinations, so that two statements on one
 * shard cannot deadlock.
 * @param from a CTE with a column `destination`
 * @param changes the change of each status, as an aggregate over a destination's rows
 */
export function addCounts(
  from: string,
  changes: Readonly<{
    pending?: string;
    processing?: string;
    completed?: string;
    failed?: string;
    /** Of the pending ones. */
    held?: string;
  }>,
): string {
  const { pending = '0', processing = '0', completed = '0', failed = '0', held } = changes;
  const [name, change, sum] =
    held === undefined
      ? ['', '', '']
      : [', held', `, ${held}`, ', held = coalesce(c.held, 0) + excluded.held'];
  return `
    insert into delivery_counts as c (destination, shard, pending, processing, completed, failed${name})
    select destination, ${SHARD}, ${pending}, ${processing}, ${completed}, ${failed}${change}
    from ${from} group by destination order by destination
    on conflict (destination, shard) do update set
      pending = c.pending + excluded.pending, processing = c.processing + excluded.processing,
      completed = c.completed + excluded.completed, failed = c.failed + excluded.failed${sum}`;
}

/** Adds up what changed of the order of destinations. @param from a CTE with columns `destination`, `waiting`, `blocked` */
export function addOrderCounts(from: string): string {
  return `
    insert into order_counts as c (destination, shard, waiting, blocked)
    select destination, ${SHARD}, waiting, blocked
    from (
      select destination, sum(waiting) as waiting, sum(blocked) as blocked from ${from} group by destination
    ) as change
    where waiting <> 0 or blocked <> 0
    order by destination
    on conflict (destination, shard) do update set
      waiting = c.waiting + excluded.waiting, blocked = c.blocked + excluded.blocked`;
}

/** Adds to the totals, unless nothing changes. */
export function addTotals(events: string, pending: string): string {
  return `
    insert into totals as t (shard, events, pending)
    select ${SHARD}, events, pending from (select ${events} as events, ${pending} as pending) as change
    where events <> 0 or pending <> 0
    on conflict (shard) do update set
      events = t.events + excluded.events, pending = t.pending + excluded.pending`;
}

/**
 * Adds up a column over the rows in use, as committed when the statement began. Folded rows are not looked at: under a
 * snapshot that somebody holds they are many.
 */
export function addUp(column: string, table: string): string {
  const sum = (where: string) => `coalesce((select sum(${column}) from ${table} where ${where}), 0)`;
  return `${sum(`shard < ${SHARDS}`)} + ${sum(`shard >= ${shardsSince(TERMS_COUNTED)}`)}`;
}

/** Deliveries of all nodes that are pending and not held. */
export const PENDING = `select (${addUp('pending', 'totals')})::bigint as pending`;

/** Held deliveries of all nodes. */
export const HELD = `select (${addUp('held', 'delivery_counts')})::bigint as held`;

/**
 * How many deliveries are in each status, and how many events there are: parts of the statements that change them, so
 * that the counts are committed with the rows. Each backend adds to rows of its own, since a row that all of them
 * changed would make each commit wait for the one before. Where backends meet on a row, neither waits for the other in a
 * circle, since every statement has its parts in one order: addOrderCounts, addCounts, addTotals.
 */
export const SHARD = '(pg_backend_pid() % 64)';

/**
 * Adds up the changes that a CTE made. Rows are taken in the order of destinations, so that two statements on one
 * shard cannot deadlock.
 * @param from a CTE with a column `destination`
 * @param changes the change of each status, as an aggregate over a destination's rows
 */
export function addCounts(
  from: string,
  changes: Readonly<{ pending?: string; processing?: string; completed?: string; failed?: string }>,
): string {
  const { pending = '0', processing = '0', completed = '0', failed = '0' } = changes;
  return `
    insert into delivery_counts as c (destination, shard, pending, processing, completed, failed)
    select destination, ${SHARD}, ${pending}, ${processing}, ${completed}, ${failed}
    from ${from} group by destination order by destination
    on conflict (destination, shard) do update set
      pending = c.pending + excluded.pending, processing = c.processing + excluded.processing,
      completed = c.completed + excluded.completed, failed = c.failed + excluded.failed`;
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

/** Pending deliveries of all nodes, as committed when the statement began. */
export const PENDING = 'select coalesce(sum(pending), 0)::bigint as pending from totals';

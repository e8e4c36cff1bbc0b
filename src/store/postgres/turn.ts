import { NEVER_MS } from '../../domain/order.ts';

/** The parts of statements by which turns of order keys are given. All of them run under the locks of the keys. */

const isHeld = (row: string) => `exists (
      select from deliveries h
      where h.destination = ${row}.destination and h.order_key = ${row}.order_key and h.turn = 'holds'
    )`;

/** The turn of a new delivery of `row`. @param isBehind whether another new one of the same key comes before it */
export function turnOf(row: string, isBehind: string): string {
  return `case when ${row}.order_key is null then null when ${isBehind} or ${isHeld(row)} then 'waits' else 'holds' end`;
}

/** When a delivery is due that need not wait from `at` on. */
export function dueAt(turn: string, at: string): string {
  return `case when ${turn} = 'waits' then ${NEVER_MS}::bigint else ${at} end`;
}

/**
 * The statement of a CTE that gives the turns of keys to the deliveries accepted next. Each is due as of its own
 * acceptance.
 * @param freed a CTE with a row (destination, order_key) for each key whose turn was given up
 */
export function passTurns(freed: string): string {
  return `
  update deliveries d set turn = 'holds', due_at = d.created_at
  from (
    select w.event_id, w.number from ${freed} f cross join lateral (
      select event_id, number from deliveries
      where destination = f.destination and order_key = f.order_key and turn = 'waits'
      order by position, number limit 1
    ) w
  ) next
  where d.event_id = next.event_id and d.number = next.number
  returning d.destination, d.event_id, d.number, d.due_at`;
}

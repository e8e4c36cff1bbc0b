import { systemClock } from '../../runtime/clock.ts';
import { createRunLoop } from '../../runtime/run-loop.ts';
import type { Service } from '../../runtime/service.ts';
import type { Query, Statement } from './database.ts';
import { LOOK_EVERY_MS, type Walks } from './walks.ts';

/** The first due delivery of each destination within a part of its index. */
export const FIRST_BEHIND: Statement<Readonly<{ n: number; due_at: number }>> = {
  name: 'first_behind',
  text: `
select asked.n, first.due_at
from unnest($1::text[], $2::bigint[], $3::bigint[]) with ordinality as asked (destination, from_ms, until_ms, n)
cross join lateral (
  select due_at from deliveries
  where destination = asked.destination and status = 'pending'
    and due_at >= asked.from_ms and due_at < asked.until_ms
  order by due_at, event_id, number limit 1
) first`,
};

/**
 * Looks behind the places of claims for what nobody told of, beside the claims, which it must not hold up.
 * @returns whether there is something
 */
export async function lookBehind(query: Query, due: Walks): Promise<boolean> {
  const destinations = due.names();
  if (destinations.length === 0) return false;
  const untilMs = destinations.map(due.placeOf);
  const walks = destinations.map((destination, at) => due.beginBehind(destination, untilMs[at]!));
  let found = new Map<number, number>();
  try {
    const rows = await query(FIRST_BEHIND, [destinations, walks.map(({ fromMs }) => fromMs), untilMs]);
    found = new Map(rows.map(({ n, due_at }) => [n, due_at]));
    return found.size > 0;
  } finally {
    for (const [at, walk] of walks.entries()) walk.end(found.get(at + 1) ?? null);
  }
}

export function createLooking(query: Query, due: Walks, onFound: () => void): Service {
  return createRunLoop(systemClock, LOOK_EVERY_MS, 'after a pause', async () => {
    // The database shows elsewhere that it is away.
    if (await lookBehind(query, due).catch(() => false)) onFound();
  });
}

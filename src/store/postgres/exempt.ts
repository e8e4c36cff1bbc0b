import { ALERT_SOURCE } from '../../domain/alert.ts';
import { MAX_DELIVERIES } from '../../domain/delivery.ts';
import { type Addressee, countHeld } from '../../domain/order.ts';
import type { Query, Statement } from './database.ts';

/**
 * Pending deliveries of alerts that are not held: they take no room from others. Asked only where there is none left. The
 * limit keeps the planner from reading what is pending of all sources.
 */
export const ALERTS_PENDING: Statement<{ pending: number }> = {
  name: 'alerts_pending',
  text: `
select count(*)::bigint as pending from events e
cross join lateral (select status, held from deliveries where event_id = e.id limit ${MAX_DELIVERIES}) d
where e.source = $1 and d.status = 'pending' and d.held is null`,
};

export async function countAlerts(query: Query): Promise<number> {
  return (await query(ALERTS_PENDING, [ALERT_SOURCE]))[0]!.pending;
}

type Sourced = Readonly<{ event: Readonly<{ source: string }> }>;

/** An alert exceeds no limit: it may be about the limit. */
export function isExempt({ event }: Sourced): boolean {
  return event.source === ALERT_SOURCE;
}

/** What a batch adds to what has a limit. */
export function boundedOf(
  batch: readonly (Sourced & Readonly<{ destinations: readonly Addressee[] }>)[],
): Readonly<{ held: number; unheld: number }> {
  let [held, all] = [0, 0];
  for (const insert of batch) {
    if (isExempt(insert)) continue;
    held += countHeld(insert.destinations);
    all += insert.destinations.length;
  }
  return { held, unheld: all - held };
}

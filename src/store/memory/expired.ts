import type { ExpiredLease } from '../store.ts';
import { byId, deliveriesWith, type State } from './state.ts';

/** @see LeaseStore.expired */
export function expired(state: State, untilMs: number, limit: number): readonly ExpiredLease[] {
  return deliveriesWith(state, 'processing')
    .map((delivery) => ({ ...delivery, lease: delivery.lease! }))
    .filter(({ lease }) => lease.untilMs <= untilMs)
    .sort((a, b) => a.lease.untilMs - b.lease.untilMs || byId(a, b))
    .slice(0, limit)
    .map(({ id, eventId, destination, attempts, lease, orderKey }) => ({
      lease: { deliveryId: id, token: lease.token, untilMs: lease.untilMs, orderKey },
      source: state.events.get(eventId)!.source,
      destination,
      attempts,
      leasedAtMs: lease.leasedAtMs,
    }));
}

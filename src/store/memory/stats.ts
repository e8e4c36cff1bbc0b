import { DELIVERY_STATUSES } from '../../domain/delivery.ts';
import type { StatusCount, StoreStats } from '../store.ts';
import { deliveriesWith, type State } from './state.ts';

/** @see BrowseStore.stats. Counted anew each time: the model is what the drivers' counters are checked against. */
export function stats(state: State): StoreStats {
  const createdAtMs = deliveriesWith(state, 'pending').map((delivery) => delivery.createdAtMs);
  return {
    counts: statusCounts(state),
    events: state.events.size,
    oldestPendingAtMs: createdAtMs.length === 0 ? null : Math.min(...createdAtMs),
    databaseBytes: 0,
  };
}

function statusCounts(state: State): StatusCount[] {
  return DELIVERY_STATUSES.flatMap((status) => {
    const groups = Map.groupBy(deliveriesWith(state, status), ({ destination }) => destination);
    return [...groups].map(([destination, { length: count }]) => ({ destination, status, count }));
  });
}

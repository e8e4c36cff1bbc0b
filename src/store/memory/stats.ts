import { DELIVERY_STATUSES } from '../../domain/delivery.ts';
import type { OrderCount, StatusCount, StoreStats } from '../store.ts';
import { deliveriesWith, isBlocking, isSuperseded, type State } from './state.ts';

/** @see BrowseStore.stats. Counted from the rows each time: tests compare the drivers' counters with it. */
export function stats(state: State): StoreStats {
  const createdAtMs = deliveriesWith(state, 'pending').map((delivery) => delivery.createdAtMs);
  return {
    counts: statusCounts(state),
    order: orderCounts(state),
    events: state.events.size,
    oldestPendingAtMs: createdAtMs.length === 0 ? null : Math.min(...createdAtMs),
    databaseBytes: 0,
    walBytes: 0,
  };
}

function statusCounts(state: State): StatusCount[] {
  return DELIVERY_STATUSES.flatMap((status) => {
    const counted = deliveriesWith(state, status).filter((delivery) => !isSuperseded(delivery));
    const groups = Map.groupBy(counted, ({ destination }) => destination);
    return [...groups].map(([destination, { length: count }]) => ({ destination, status, count }));
  });
}

function orderCounts(state: State): OrderCount[] {
  const ordered = [...state.deliveries.values()].filter(({ turn }) => turn !== null);
  const groups = Map.groupBy(ordered, ({ destination }) => destination);
  return [...groups]
    .map(([destination, deliveries]) => ({
      destination,
      waiting: deliveries.filter(({ turn }) => turn === 'waits').length,
      blocked: deliveries.filter(isBlocking).length,
    }))
    .filter(({ waiting, blocked }) => waiting + blocked > 0);
}

import { DELIVERY_STATUSES } from '../../domain/delivery.ts';
import type { HeldCount, OrderCount, StatusCount, StoreStats } from '../store.ts';
import { byId, deliveriesWith, isBlocking, isSuperseded, type State } from './state.ts';

/** @see BrowseStore.stats. Counted from the rows each time: tests compare the drivers' counters with it. */
export function stats(state: State): StoreStats {
  const createdAtMs = deliveriesWith(state, 'pending').flatMap(({ isHeld, createdAtMs: atMs }) =>
    isHeld ? [] : atMs,
  );
  return {
    counts: statusCounts(state),
    held: heldCounts(state),
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

function heldCounts(state: State): HeldCount[] {
  const held = deliveriesWith(state, 'pending').filter(({ isHeld }) => isHeld);
  return [...Map.groupBy(held, ({ destination }) => destination)].map(([destination, deliveries]) => {
    const [first] = deliveries.sort((a, b) => a.dueAtMs - b.dueAtMs || byId(a, b));
    return { destination, count: deliveries.length, oldestAtMs: first!.createdAtMs };
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

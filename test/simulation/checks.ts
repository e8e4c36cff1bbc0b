import assert from 'node:assert/strict';
import type { Dispatcher } from '../../src/dispatch/dispatcher.ts';
import type { Destination } from '../../src/domain/destination.ts';
import type { Store } from '../../src/store/store.ts';
import type { Ledger } from './ledger.ts';

export type Crew = Readonly<{ destinations: readonly Destination[]; workerCount: number }>;

/** How many deliveries of each destination have a worker, and how many are settled, of the process that lives. */
function countActive({ destinations }: Crew, dispatcher: Dispatcher) {
  const active = [...dispatcher.active()];
  return destinations.map(({ name, concurrency }) => {
    const ofDestination = active.filter(({ leased }) => leased.destination === name);
    const settling = ofDestination.filter(({ isSettling }) => isSettling).length;
    return { name, concurrency, own: ofDestination.length - settling, settling };
  });
}

/** The leases whose handlers run: a worker that comes free moves nothing in the store before it claims. */
export function leasesAtWork(dispatcher: Dispatcher): string {
  const running = [...dispatcher.active()].filter(({ isSettling }) => !isSettling);
  return running.map(({ leased }) => leased.lease.token + leased.lease.deliveryId).join();
}

/** Never more at work than there are workers, nor more of a destination than it allows; no more wait to be settled. */
export function checkSlots(crew: Crew, dispatcher: Dispatcher): void {
  const destinations = countActive(crew, dispatcher);
  const all = destinations.reduce((sum, { own }) => sum + own, 0);
  assert.ok(all <= crew.workerCount, `${all} at work of ${crew.workerCount}`);
  for (const { name, concurrency, own, settling } of destinations) {
    assert.ok(own <= concurrency, `${own} of ${name} at work, ${concurrency} allowed`);
    assert.ok(settling <= concurrency, `${settling} of ${name} are settled, ${concurrency} allowed`);
  }
}

/** No wake-up may get lost: nothing lies about, due since `dueMs`, for which there is a free worker. */
export function checkAttention(crew: Crew, dispatcher: Dispatcher, ledger: Ledger, dueMs: number): void {
  const share = Math.floor(crew.workerCount / crew.destinations.length);
  const destinations = countActive(crew, dispatcher).map(({ name, concurrency, own }) => ({
    name,
    own,
    free: concurrency - own,
    unusedShare: Math.max(0, Math.min(concurrency, share) - own),
  }));
  const spare = destinations.reduce(
    (left, { own, unusedShare }) => left - own - unusedShare,
    crew.workerCount,
  );
  for (const { name, free, unusedShare } of destinations) {
    if (free === 0 || (unusedShare === 0 && spare === 0)) continue;
    const due = ledger.countDue(name, dueMs);
    assert.equal(due, 0, `${due} of ${name} lie about though there is a free worker`);
  }
}

/** Compares what the store has at the end with what happened; returns the attempts by outcome. */
export async function audit(
  crew: Crew,
  store: Store,
  ledger: Ledger,
  eventIds: readonly string[],
): Promise<Map<string, number>> {
  const outcomes = new Map<string, number>();
  const ends = new Map<string, number>();
  for (const eventId of eventIds) {
    for (const delivery of await store.deliveriesOf(eventId)) {
      const rows = await store.attemptsOf(delivery.id);
      const destination = crew.destinations.find(({ name }) => name === delivery.destination)!;
      ledger.checkEnd(delivery, rows, destination);
      countUp(ends, `${delivery.destination} ${delivery.status}`);
      for (const { outcome } of rows) countUp(outcomes, outcome);
    }
  }
  const { counts, events } = await store.stats();
  const told = counts.filter(({ count }) => count > 0);
  assert.deepEqual(
    Object.fromEntries(told.map(({ destination, status, count }) => [`${destination} ${status}`, count])),
    Object.fromEntries(ends),
  );
  assert.equal(events, eventIds.length);
  return outcomes;
}

export function countUp<Key>(counts: Map<Key, number>, key: Key): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

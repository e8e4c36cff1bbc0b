import type { AuditEntry } from '../../domain/audit.ts';
import type { DestinationState } from '../../domain/destination-state.ts';
import type { Verbs } from '../forward.ts';
import type { HoldPage, HoldRange, KeptDestination, Method } from '../store.ts';
import { appendAudit } from './audit.ts';
import { byId, deliveriesWith, type State, type StoredDelivery } from './state.ts';

/** @see DestinationStore.readDestinations */
function readDestinations(state: State): readonly KeptDestination[] {
  return [...state.destinations.values()].sort((a, b) => (a.destination < b.destination ? -1 : 1));
}

/** @see DestinationStore.changeDestination */
function changeDestination(
  state: State,
  destination: string,
  version: number,
  next: DestinationState,
  audit: AuditEntry | null,
): 'changed' | 'outdated' {
  const { destinations } = state;
  if ((destinations.get(destination)?.version ?? 0) !== version) return 'outdated';
  destinations.set(destination, { destination, version: version + 1, state: structuredClone(next) });
  if (audit !== null) appendAudit(state, audit);
  return 'changed';
}

/** @see DestinationStore.countUnheld */
function countUnheld(state: State, destination: string): number {
  const pending = deliveriesWith(state, 'pending').filter((delivery) => delivery.destination === destination);
  return pending.filter(({ isHeld }) => !isHeld).length;
}

/** @see DestinationStore.holdPending. The cursor has due time and id, so that it outlives the delivery. */
function holdPending(
  state: State,
  destination: string,
  { fromMs, untilMs }: HoldRange,
  nowMs: number,
  limit: number,
  after: string | null,
): HoldPage {
  const behind = after === null ? { dueAtMs: fromMs, id: '' } : readCursor(after);
  const rest = deliveriesWith(state, 'pending')
    .filter((delivery) => delivery.destination === destination && delivery.dueAtMs <= untilMs)
    .filter(({ dueAtMs, id }) => dueAtMs > behind.dueAtMs || (dueAtMs === behind.dueAtMs && id > behind.id))
    .sort((a, b) => a.dueAtMs - b.dueAtMs || byId(a, b));
  const page = rest.slice(0, limit);
  for (const delivery of page) state.deliveries.set(delivery.id, heldAt(delivery, nowMs));
  const last = page.at(-1);
  return {
    held: page.filter(({ isHeld }) => !isHeld).length,
    next: last === undefined || rest.length <= limit ? null : `${last.dueAtMs}:${last.id}`,
  };
}

function heldAt(delivery: StoredDelivery, nowMs: number): StoredDelivery {
  const { attempts, dueAtMs, createdAtMs } = delivery;
  return { ...delivery, isHeld: true, dueAtMs: attempts > 0 && dueAtMs <= nowMs ? createdAtMs : dueAtMs };
}

function readCursor(cursor: string) {
  const [dueAtMs, id] = cursor.split(':') as [string, string];
  return { dueAtMs: Number(dueAtMs), id };
}

/** This file's verbs of the port. */
export const destinationVerbs = {
  readDestinations,
  changeDestination,
  countUnheld,
  holdPending,
} satisfies Partial<Verbs<State, Method>>;

import type { Router } from '../domain/destination.ts';
import type { Addressee } from '../domain/order.ts';
import type { BrowseStore, EventHistory, HistoryStore, InboxStore, NewEvent } from '../store/store.ts';
import type { Address, FindSearchKeys } from './order-key.ts';
import type { StoreEventParts } from './store-event.ts';

export type Imported = Readonly<{
  imported: number;
  known: number;
  key_taken: number;
  erased: number;
  /** What there was no room in for the rest, or null. */
  full: 'queue' | 'disk' | null;
}>;

/** An event of another inbox, and what became of it there. */
export type PastEvent = Readonly<{ event: NewEvent; history: EventHistory }>;

/**
 * Stores events of another inbox under their own ids, keys and times, with what became of them or, if they are to be
 * delivered, without it. Durable when it resolves.
 */
export type ImportEvents = (events: readonly PastEvent[], deliver: boolean) => Promise<Imported>;

export type ImportParts = Readonly<{
  store: Pick<InboxStore, 'insertEvent'> & Pick<BrowseStore, 'eventById'> & HistoryStore;
  route: Router;
  address: Address;
  mark: (addressees: readonly Addressee[]) => readonly Addressee[];
  findSearchKeys: FindSearchKeys;
  onAccepted: StoreEventParts['onAccepted'];
}>;

/** In their order, so that deliveries with an order key have the turns of then. */
export function createImportEvents(parts: ImportParts): ImportEvents {
  const { store, route, address, mark, findSearchKeys, onAccepted } = parts;
  const storeOne = async (event: NewEvent, deliver: boolean): Promise<Outcome> => {
    if ((await store.eventById(event.id)) !== null) return 'known';
    // A test went where it was meant to go.
    const destinations = deliver && event.origin !== 'test' ? route(event.source, event.eventType) : [];
    const searchKeys = findSearchKeys(event.source, event);
    const addressees = mark(address(event.source, event, destinations));
    const outcome = await store.insertEvent({ ...event, searchKeys }, addressees);
    if (outcome.kind === 'full') return outcome.bound === 'disk' ? 'disk' : 'queue';
    if (outcome.kind === 'duplicate') return outcome.event.erasedAtMs === null ? 'key_taken' : 'erased';
    if (destinations.length > 0) onAccepted(event.id, destinations);
    return 'imported';
  };
  return async (events, deliver) => {
    const counts = { imported: 0, known: 0, key_taken: 0, erased: 0 };
    // Without deliveries no order matters, and they share commits.
    const outcomes = deliver ? [] : await Promise.all(events.map(({ event }) => storeOne(event, false)));
    // Of known ones, too: an import may have ended between an event and its history.
    const isHere = (_past: PastEvent, at: number) => ['imported', 'known'].includes(outcomes[at]!);
    if (!deliver) await store.addHistory(events.filter(isHere).map(({ history }) => history));
    for (const { event } of deliver ? events : []) {
      const outcome = await storeOne(event, true);
      outcomes.push(outcome);
      if (isFull(outcome)) break;
    }
    for (const outcome of outcomes) if (!isFull(outcome)) counts[outcome] += 1;
    return { ...counts, full: outcomes.find(isFull) ?? null };
  };
}

type Outcome = 'imported' | 'known' | 'key_taken' | 'erased' | 'queue' | 'disk';

function isFull(outcome: Outcome): outcome is 'queue' | 'disk' {
  return outcome === 'queue' || outcome === 'disk';
}

import { hash } from 'node:crypto';
import type { DeliveryStatus } from '../domain/delivery.ts';
import type { Router } from '../domain/destination.ts';
import type { Origin } from '../domain/event.ts';
import type { Addressee } from '../domain/order.ts';
import type { DuplicateBy, Emit } from '../events.ts';
import type { IdGenerator } from '../runtime/ids.ts';
import type { Bound, BrowseStore, InboxStore, InsertOutcome, ReplayMark } from '../store/store.ts';
import { tracedBy } from '../trace/tracing.ts';
import type { Identity } from '../verify/identity/identify.ts';
import type { SignedRequest } from '../verify/read/signed-request.ts';
import type { NoteDuplicate } from './duplicate-notes.ts';
import type { Address, FindSearchKeys } from './order-key.ts';
import type { RawRequest } from './raw-request.ts';
import type { ReplayRedelivered } from './replay-redelivered.ts';
import { unroutedReason } from './unrouted.ts';

/** What the sender learns about its event. */
export type Receipt = Readonly<{
  id: string;
  idempotencyKey: string;
  status: DeliveryStatus;
  receivedAtMs: number;
}>;

export type StoreEventOutcome =
  /** Durable. One delivery for each of the destinations, numbered from 1 in their order, is now pending. */
  | Readonly<{ kind: 'accepted'; receipt: Receipt; eventType: string; destinations: readonly string[] }>
  | Readonly<{
      kind: 'duplicate';
      receipt: Receipt;
      conflict: boolean;
      by: DuplicateBy;
      /** The key of the request, which the event that it repeats need not have. */
      key: string;
    }>
  | Readonly<{ kind: 'full'; bound: Bound | 'disk' }>;

/** How an event is named and recognised; by default its key is an id that holds for as long as the event is kept. */
export type EventNames = Pick<Identity, 'idempotencyKey' | 'eventType'> &
  Partial<Pick<Identity, 'madeOf' | 'windowSeconds'>> &
  Readonly<{
    /** Keys of an earlier version, under which events count that were received at or after a time. */
    former?: Readonly<{ keys: readonly string[]; sinceMs: number }> | null;
  }>;

/** How an event comes. */
export type Arrival = Readonly<{
  origin: Origin;
  /** Whether a repeat with equal bytes replays what the event has given up. */
  isRedelivery: boolean;
  /** Stores it; by default the store's own. */
  insert?: InboxStore['insertEvent'];
}>;

export const RECEIVED: Arrival = { origin: 'received', isRedelivery: false };

/** @param view the request as it was verified, so that its body is not unpacked and parsed again */
export type StoreEvent = (
  source: string,
  request: RawRequest,
  names: EventNames,
  receivedAtMs: number,
  replayMark?: ReplayMark | null,
  view?: SignedRequest,
  arrival?: Arrival,
) => Promise<StoreEventOutcome>;

export type StoreEventParts = Readonly<{
  store: Pick<InboxStore, 'insertEvent'> & Pick<BrowseStore, 'eventByKey' | 'readEvent'>;
  route: Router;
  address: Address;
  /** Marks those whose destination is held or tripped. */
  mark?: (addressees: readonly Addressee[]) => readonly Addressee[];
  findSearchKeys: FindSearchKeys;
  newId: IdGenerator;
  emit: Emit;
  /** Called once an event is durable, with one pending delivery for each of the destinations. */
  onAccepted: (eventId: string, destinations: readonly string[]) => void;
  noteDuplicate: NoteDuplicate;
  replayRedelivered: ReplayRedelivered;
}>;

/** The last steps of every accept: route -> address -> insert. */
export function createStoreEvent(parts: StoreEventParts): StoreEvent {
  const { store, route, address, findSearchKeys, newId, emit, onAccepted } = parts;
  const { mark = (addressees) => addressees } = parts;
  return async (
    source,
    request,
    names,
    receivedAtMs,
    replayMark = null,
    view = request,
    { origin, isRedelivery, insert = store.insertEvent } = RECEIVED,
  ) => {
    const id = newId(receivedAtMs);
    const { idempotencyKey, eventType } = names;
    const destinations = route(source, eventType);
    const { method, url, headers, contentType, body } = request;
    const event = {
      id,
      source,
      idempotencyKey,
      eventType,
      method,
      url,
      headers,
      contentType,
      body,
      receivedAtMs,
      origin,
      searchKeys: findSearchKeys(source, view),
    };
    const addressees = mark(address(source, view, destinations));
    request.trace?.begin('insert');
    const former = names.former ? await findFormer(store, source, body, names.former) : null;
    const outcome = former ?? (await insert(event, addressees, replayMark, keySince(names, receivedAtMs)));
    request.trace?.end('insert');
    switch (outcome.kind) {
      case 'inserted': {
        onAccepted(id, destinations);
        if (destinations.length === 0) {
          const reason = unroutedReason(eventType, view);
          const trace = request.trace?.idsOf(event);
          emit({ type: 'event.unrouted', eventId: id, source, eventType, reason, ...tracedBy(trace) });
        }
        const status = destinations.length === 0 ? 'completed' : 'pending';
        const storedAs = outcome.idempotencyKey ?? idempotencyKey;
        const receipt: Receipt = { id, idempotencyKey: storedAs, status, receivedAtMs };
        return { kind: 'accepted', receipt, eventType, destinations };
      }
      case 'duplicate': {
        // What was fetched from the provider has its own bytes.
        const isFetched = origin === 'reconciled' || outcome.event.origin === 'reconciled';
        const conflict = outcome.conflict && !isFetched;
        const isReplay = isRedelivery && !conflict && outcome.event.givenUp.length > 0;
        const first = isReplay ? await parts.replayRedelivered(outcome.event, receivedAtMs) : outcome.event;
        // Of an erased event nothing new is kept, and its key is known from this request alone.
        if (first.erasedAtMs === null && origin === 'received')
          parts.noteDuplicate(first.id, receivedAtMs, conflict);
        const receipt = { ...first, idempotencyKey: first.idempotencyKey ?? idempotencyKey };
        const by = outcome.by === 'key' && names.madeOf === 'body' ? 'body' : outcome.by;
        return { kind: 'duplicate', receipt, conflict, by, key: idempotencyKey };
      }
      case 'full':
        return outcome;
    }
  };
}

/** Later than any time of receipt: no event of the key counts as the same one. */
const NEVER = Number.MAX_SAFE_INTEGER;

/** Since when an event with the key counts as the same one; null: always. */
function keySince({ windowSeconds = null }: EventNames, receivedAtMs: number): number | null {
  if (windowSeconds === null) return null;
  return windowSeconds === 0 ? NEVER : receivedAtMs - windowSeconds * 1000;
}

/** Finds the event under a key that an earlier version gave it. */
async function findFormer(
  store: StoreEventParts['store'],
  source: string,
  body: Uint8Array,
  { keys, sinceMs }: NonNullable<EventNames['former']>,
): Promise<Extract<InsertOutcome, { kind: 'duplicate' }> | null> {
  for (const key of keys) {
    const event = await store.eventByKey(source, key);
    if (event === null || event.receivedAtMs < sinceMs) continue;
    const first = await store.readEvent(event.id);
    const conflict = first !== null && Buffer.compare(first.body, body) !== 0;
    return { kind: 'duplicate', event, conflict, by: 'key' };
  }
  return null;
}

const DIGEST_LENGTH = 16;

const SHA256_HEX = /^[0-9a-f]{64}$/;

/** The mark by which a captured request is recognised until the window has passed. */
export function replayMark(replayKey: string, sinceMs: number): ReplayMark {
  // The body's hash need not be hashed again.
  const digest = SHA256_HEX.test(replayKey)
    ? Buffer.from(replayKey.slice(0, 2 * DIGEST_LENGTH), 'hex')
    : hash('sha256', replayKey, 'buffer').subarray(0, DIGEST_LENGTH);
  return { digest, sinceMs };
}

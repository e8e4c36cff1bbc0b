import { hash } from 'node:crypto';
import type { DeliveryStatus } from '../domain/delivery.ts';
import type { Router } from '../domain/destination.ts';
import type { Emit } from '../events.ts';
import type { IdGenerator } from '../runtime/ids.ts';
import type { InboxStore, ReplayMark } from '../store/store.ts';
import type { Address } from './order-key.ts';
import type { RawRequest } from './raw-request.ts';
import { unroutedReason } from './unrouted.ts';

/** What the sender is told of its event. */
export type Receipt = Readonly<{
  id: string;
  idempotencyKey: string;
  status: DeliveryStatus;
  receivedAtMs: number;
}>;

export type StoreEventOutcome =
  /** Durable. One delivery for each of the destinations, numbered from 1 in their order, is now pending. */
  | Readonly<{ kind: 'accepted'; receipt: Receipt; eventType: string; destinations: readonly string[] }>
  | Readonly<{ kind: 'duplicate'; receipt: Receipt; conflict: boolean }>
  | Readonly<{ kind: 'full' }>;

/** What an event is called. */
export type EventNames = Readonly<{ idempotencyKey: string; eventType: string }>;

export type StoreEvent = (
  source: string,
  request: RawRequest,
  names: EventNames,
  receivedAtMs: number,
  replayMark?: ReplayMark | null,
) => Promise<StoreEventOutcome>;

export type StoreEventParts = Readonly<{
  store: InboxStore;
  route: Router;
  address: Address;
  newId: IdGenerator;
  emit: Emit;
  /** Called once an event is durable, with one pending delivery for each of the destinations. */
  onAccepted: (eventId: string, destinations: readonly string[]) => void;
}>;

/** The last steps of every accept: route -> address -> insert. */
export function createStoreEvent(parts: StoreEventParts): StoreEvent {
  const { store, route, address, newId, emit, onAccepted } = parts;
  return async (source, request, { idempotencyKey, eventType }, receivedAtMs, replayMark = null) => {
    const id = newId(receivedAtMs);
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
    };
    const addressees = address(source, request, destinations);
    const outcome = await store.insertEvent(event, addressees, replayMark);
    switch (outcome.kind) {
      case 'inserted': {
        onAccepted(id, destinations);
        if (destinations.length === 0) {
          const reason = unroutedReason(eventType, request);
          emit({ type: 'event.unrouted', eventId: id, source, eventType, reason });
        }
        const status = destinations.length === 0 ? 'completed' : 'pending';
        const receipt: Receipt = { id, idempotencyKey, status, receivedAtMs };
        return { kind: 'accepted', receipt, eventType, destinations };
      }
      case 'duplicate':
        return { kind: 'duplicate', receipt: outcome.event, conflict: outcome.conflict };
      case 'full':
        return outcome;
    }
  };
}

const DIGEST_LENGTH = 16;

const SHA256_HEX = /^[0-9a-f]{64}$/;

/** The second name of an event, under which its repetition is recognised until the window has passed. */
export function replayMark(replayKey: string, sinceMs: number): ReplayMark {
  // Mostly it is the body's hash, which needs not be hashed again.
  const digest = SHA256_HEX.test(replayKey)
    ? Buffer.from(replayKey.slice(0, 2 * DIGEST_LENGTH), 'hex')
    : hash('sha256', replayKey, 'buffer').subarray(0, DIGEST_LENGTH);
  return { digest, sinceMs };
}

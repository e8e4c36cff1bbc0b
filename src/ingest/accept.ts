import type { DeliveryStatus } from '../domain/delivery.ts';
import type { Router } from '../domain/destination.ts';
import type { Clock } from '../runtime/clock.ts';
import type { IdGenerator } from '../runtime/ids.ts';
import type { InboxStore } from '../store/store.ts';
import { type FieldError, readEnvelope } from './envelope.ts';
import type { RawRequest } from './raw-request.ts';

/** What the sender is told of its event. */
export type Receipt = Readonly<{
  id: string;
  idempotencyKey: string;
  status: DeliveryStatus;
  receivedAtMs: number;
}>;

export type AcceptOutcome =
  /** Durable. `deliveries` are now pending. */
  | Readonly<{ kind: 'accepted'; receipt: Receipt; eventType: string; deliveries: number }>
  | Readonly<{ kind: 'duplicate'; receipt: Receipt; conflict: boolean }>
  | Readonly<{ kind: 'malformed_json'; detail: string }>
  | Readonly<{ kind: 'invalid'; fields: readonly FieldError[] }>
  | Readonly<{ kind: 'full' }>;

/**
 * Takes one request of a source: extract -> route -> insert.
 * @throws StoreError when the store fails; then nothing is kept
 */
export type Accept = (source: string, request: RawRequest) => Promise<AcceptOutcome>;

export type AcceptParts = Readonly<{ store: InboxStore; route: Router; clock: Clock; newId: IdGenerator }>;

export function createAccept({ store, route, clock, newId }: AcceptParts): Accept {
  return async (source, request) => {
    const envelope = readEnvelope(request.body);
    if (envelope.kind !== 'envelope') return envelope;
    const { idempotencyKey, eventType } = envelope;
    const receivedAtMs = clock.nowMs();
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
    const outcome = await store.insertEvent(event, destinations);
    switch (outcome.kind) {
      case 'inserted': {
        const status = destinations.length === 0 ? 'completed' : 'pending';
        const receipt: Receipt = { id, idempotencyKey, status, receivedAtMs };
        return { kind: 'accepted', receipt, eventType, deliveries: destinations.length };
      }
      case 'duplicate':
        return { kind: 'duplicate', receipt: outcome.event, conflict: outcome.conflict };
      case 'full':
        return outcome;
    }
  };
}

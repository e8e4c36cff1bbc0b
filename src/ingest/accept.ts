import type { Clock } from '../runtime/clock.ts';
import { type AcceptVerified, createAcceptVerified, type VerifiedOutcome } from './accept-verified.ts';
import { type FieldError, readEnvelope } from './envelope.ts';
import type { KeepRejected } from './keep-rejected.ts';
import type { Source } from './open-source.ts';
import type { PerformHandshake } from './perform-handshake.ts';
import type { RawRequest } from './raw-request.ts';
import type { StoreEvent } from './store-event.ts';

export type AcceptOutcome =
  | VerifiedOutcome
  | Readonly<{ kind: 'malformed_json'; detail: string }>
  | Readonly<{ kind: 'invalid'; fields: readonly FieldError[] }>;

/**
 * Accepts one request of a source: verify -> extract -> route -> insert.
 * @throws StoreError when the store fails; then nothing is stored
 */
export type Accept = (source: Source, request: RawRequest) => Promise<AcceptOutcome>;

export type AcceptParts = Readonly<{
  storeEvent: StoreEvent;
  performHandshake: PerformHandshake;
  keepRejected: KeepRejected;
  clock: Clock;
}>;

export function createAccept(parts: AcceptParts): Accept {
  const { storeEvent, clock } = parts;
  const acceptVerified: AcceptVerified = createAcceptVerified(parts);
  // Not async: each promise that resolves to another costs three microtasks, for every event.
  return ({ name, rules }, request) => {
    if (rules !== null) return acceptVerified(name, rules, request);
    request.trace?.begin('verify');
    const envelope = readEnvelope(request.body);
    request.trace?.end('verify');
    if (envelope.kind !== 'envelope') return Promise.resolve(envelope);
    return storeEvent(name, request, envelope, clock.nowMs());
  };
}

import type { Clock } from '../runtime/clock.ts';
import { findHandshake, type HandshakeReply } from '../verify/handshake.ts';
import { type Identity, identify } from '../verify/identity/identify.ts';
import type { VerifyReason } from '../verify/outcome.ts';
import type { SignedRequest } from '../verify/read/signed-request.ts';
import type { KeepRejected } from './keep-rejected.ts';
import { type SourceRules, toSigned } from './open-source.ts';
import type { HandshakeOutcome, PerformHandshake } from './perform-handshake.ts';
import type { RawRequest } from './raw-request.ts';
import {
  type Arrival,
  type EventNames,
  RECEIVED,
  replayMark,
  type StoreEvent,
  type StoreEventOutcome,
} from './store-event.ts';

export type VerifiedOutcome =
  | (StoreEventOutcome &
      Readonly<{
        /** The event was a handshake as well, which has an answer of its own. */
        handshake?: Readonly<{ name: string; reply: HandshakeReply }>;
      }>)
  | HandshakeOutcome
  /** Not verified. Its key was not looked up. */
  | Readonly<{ kind: 'rejected'; reason: VerifyReason; detail: string }>
  /** It cannot be verified now. */
  | Readonly<{ kind: 'keys_unavailable'; detail: string }>;

export type AcceptVerified = (
  source: string,
  rules: SourceRules,
  request: RawRequest,
) => Promise<VerifiedOutcome>;

export type AcceptVerifiedParts = Readonly<{
  storeEvent: StoreEvent;
  performHandshake: PerformHandshake;
  keepRejected: KeepRejected;
  clock: Clock;
}>;

/** Accepts one request of a source with verification: unsigned handshake -> verify -> signed handshake -> store. */
export function createAcceptVerified(parts: AcceptVerifiedParts): AcceptVerified {
  const { storeEvent, performHandshake, keepRejected, clock } = parts;
  return async (source, rules, request) => {
    const nowMs = clock.nowMs();
    const signed = toSigned(rules, request);
    const { handshakes } = rules;
    const open = handshakes.unsigned.length === 0 ? null : findHandshake(handshakes.unsigned, signed);
    if (open !== null) return performHandshake(source, rules, open, signed, nowMs);

    request.trace?.begin('verify');
    const judging = rules.verifier.verify(signed, nowMs);
    // Most schemes answer synchronously; awaiting them too would delay every event.
    const verdict = judging instanceof Promise ? await judging : judging;
    request.trace?.end('verify');
    if (!verdict.ok) {
      const { reason, detail } = verdict;
      if (reason === 'keys_unavailable') return { kind: reason, detail };
      keepRejected({ source, redact: rules.redact, reason, detail, request, receivedAtMs: nowMs });
      return { kind: 'rejected', reason, detail };
    }

    const known = handshakes.signed.length === 0 ? null : findHandshake(handshakes.signed, signed);
    const arrival = rules.replaysRedeliveries ? REDELIVERY : RECEIVED;
    if (known === null) return storeVerified(storeEvent, source, rules, request, signed, nowMs, arrival);
    const handshake = await performHandshake(source, rules, known, signed, nowMs);
    if (handshake.kind !== 'handshake' || known.action?.kind !== 'keep-event') return handshake;
    const stored = await storeVerified(storeEvent, source, rules, request, signed, nowMs, arrival);
    return { ...stored, handshake: { name: known.name, reply: handshake.reply } };
  };
}

const REDELIVERY: Arrival = { origin: 'received', isRedelivery: true };

/** Names a request that is verified, or was fetched from its provider, and stores it. */
export function storeVerified(
  storeEvent: StoreEvent,
  source: string,
  rules: SourceRules,
  request: RawRequest,
  signed: SignedRequest,
  receivedAtMs: number,
  arrival?: Arrival,
): Promise<StoreEventOutcome> {
  const identity = identify(rules.identity, signed, receivedAtMs);
  const { replayKey } = identity;
  const mark = replayKey === null ? null : replayMark(replayKey, receivedAtMs - rules.replayWindowMs);
  const names = { ...identity, former: formerNames(rules, identity, receivedAtMs) };
  return storeEvent(source, request, names, receivedAtMs, mark, signed, arrival);
}

/** Nodes of the version before may still accept events for a while after the start of this one. */
const ROLLING_UPGRADE_MS = 3_600_000;

/** Null once no event with a former key can be as young as a retry is. */
function formerNames(
  { identity, openedAtMs }: SourceRules,
  { formerKeys }: Identity,
  receivedAtMs: number,
): NonNullable<EventNames['former']> | null {
  const windowMs = (identity.formerKeys?.seconds ?? 0) * 1000;
  if (formerKeys.length === 0 || receivedAtMs > openedAtMs + windowMs + ROLLING_UPGRADE_MS) return null;
  return { keys: formerKeys, sinceMs: receivedAtMs - windowMs };
}

import type { RejectedStore } from '../store/store.ts';
import { storeVerified } from './accept-verified.ts';
import { type Source, type SourceRules, toSigned } from './open-source.ts';
import type { RawRequest } from './raw-request.ts';
import { REDACTED } from './redact.ts';
import type { StoreEvent, StoreEventOutcome } from './store-event.ts';
import type { VerifyReason } from './verify/outcome.ts';

export type ReverifyOutcome =
  /** No request of that id is kept. */
  | Readonly<{ kind: 'unknown' }>
  /** Stored now, or known already; it is kept as rejected no more. */
  | (Exclude<StoreEventOutcome, { kind: 'full' }> & Readonly<{ source: string; bodyBytes: number }>)
  | Readonly<{ kind: 'full' }>
  | Readonly<{ kind: 'rejected'; reason: VerifyReason; detail: string }>
  | Readonly<{ kind: 'keys_unavailable'; detail: string }>;

/** Judges a kept request as if it came again at its own time, by the rules and secrets of today. */
export type Reverify = (id: string, nowMs: number) => Promise<ReverifyOutcome>;

export type ReverifyParts = Readonly<{
  store: Pick<RejectedStore, 'readRejected' | 'dropRejected'>;
  sources: ReadonlyMap<string, Source>;
  storeEvent: StoreEvent;
}>;

export function createReverify({ store, sources, storeEvent }: ReverifyParts): Reverify {
  return async (id, nowMs) => {
    const kept = await store.readRejected(id);
    if (kept === null) return { kind: 'unknown' };
    const { source, body, bodyBytes, receivedAtMs } = kept;
    const rules = sources.get(source)?.rules ?? null;
    if (rules === null) return refuse(`The source ${source} is not configured with verification any more.`);
    if (body === null) return refuse(`The body of ${bodyBytes} bytes was too long to be kept.`);
    const request: RawRequest = { ...kept, body };
    const verdict = await verifyAt(rules, request, receivedAtMs);
    if (!verdict.ok && verdict.reason === 'keys_unavailable') {
      return { kind: verdict.reason, detail: verdict.detail };
    }
    if (!verdict.ok)
      return { kind: 'rejected', reason: verdict.reason, detail: explain(verdict.detail, request) };

    const outcome = await storeVerified(storeEvent, source, rules, request, toSigned(rules, request), nowMs);
    if (outcome.kind === 'full') return outcome;
    // Only now: the event is durable. Should this fail, a repetition finds a duplicate.
    await store.dropRejected(id);
    return { ...outcome, source, bodyBytes };
  };
}

function refuse(detail: string): ReverifyOutcome {
  return { kind: 'rejected', reason: 'misconfigured', detail };
}

function verifyAt(rules: SourceRules, request: RawRequest, atMs: number) {
  return rules.verifier.verify(toSigned(rules, request), atMs);
}

/** A token is not kept, so what was rejected for its token stays so. */
function explain(detail: string, { url, headers }: RawRequest): string {
  const isRedacted = headers.includes(REDACTED) || url.includes(REDACTED);
  return isRedacted ? `${detail} Values that may be secret were not kept with the request.` : detail;
}

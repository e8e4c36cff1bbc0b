import { type AuditEntry, withOutcome } from '../domain/audit.ts';
import type { InboxStore, RejectedStore, SourceStateStore, VerifiedWrite } from '../store/store.ts';
import { findHandshake, type HandshakeReply } from '../verify/handshake.ts';
import type { VerifyReason } from '../verify/outcome.ts';
import type { Handshake } from '../verify/provider.ts';
import type { RequestView } from '../verify/read/signed-request.ts';
import { storeVerified } from './accept-verified.ts';
import { type Source, type SourceRules, toSigned } from './open-source.ts';
import type { PerformHandshake } from './perform-handshake.ts';
import type { RawRequest } from './raw-request.ts';
import { REDACTED } from './redact.ts';
import { RECEIVED, type StoreEvent, type StoreEventOutcome } from './store-event.ts';

/** Stored now, or known already. */
export type ReverifiedEvent = Exclude<StoreEventOutcome, { kind: 'full' }> &
  Readonly<{ source: string; bodyBytes: number }>;

export type ReverifyOutcome =
  /** No request with that id is kept. */
  | Readonly<{ kind: 'unknown' }>
  /** It is no longer kept as rejected. */
  | ReverifiedEvent
  /** It was a handshake, and its action is done; there is no client left to answer. It is no longer kept either. */
  | Readonly<{
      kind: 'handshake';
      source: string;
      handshake: string;
      reply: HandshakeReply;
      /** The event, if the handshake is one as well. */
      event: ReverifiedEvent | null;
    }>
  | Readonly<{ kind: 'full' }>
  | Readonly<{ kind: 'rejected'; reason: VerifyReason; detail: string }>
  | Readonly<{ kind: 'keys_unavailable'; detail: string }>;

/** Verifies a kept request as of its own time, with the current rules and secrets. */
export type Reverify = (id: string, nowMs: number, audit: AuditEntry) => Promise<ReverifyOutcome>;

export type ReverifyParts = Readonly<{
  store: Pick<RejectedStore, 'readRejected' | 'dropRejected' | 'takeRejected'>;
  sources: ReadonlyMap<string, Source>;
  storeEvent: StoreEvent;
  performHandshake: PerformHandshake;
}>;

export function createReverify(parts: ReverifyParts): Reverify {
  const { store, sources } = parts;
  return async (id, nowMs, audit) => {
    const kept = await store.readRejected(id);
    if (kept === null) return { kind: 'unknown' };
    const { source, body, bodyBytes, receivedAtMs } = kept;
    const rules = sources.get(source)?.rules ?? null;
    if (rules === null) return refuse(`The source ${source} is not configured with verification any more.`);
    if (body === null || body.length < bodyBytes) {
      return refuse(`The body of ${bodyBytes} bytes was too long to be kept.`);
    }
    const request: RawRequest = { ...kept, body };
    const signed = toSigned(rules, request);
    const verdict = await rules.verifier.verify(signed, receivedAtMs);
    if (!verdict.ok) {
      const { reason, detail } = verdict;
      if (reason === 'keys_unavailable') return { kind: reason, detail };
      return { kind: 'rejected', reason, detail: explain(detail, request) };
    }
    return take(parts, { id, audit, source, rules, request, signed, nowMs });
  };
}

type Verified = Readonly<{
  /** Of the rejected request. */
  id: string;
  audit: AuditEntry;
  source: string;
  rules: SourceRules;
  request: RawRequest;
  signed: RequestView;
  nowMs: number;
}>;

type TakeOutcome = Exclude<ReverifyOutcome, { kind: 'keys_unavailable' }>;

/** Handles the request as the source handles a new one: a handshake is no event unless its action says so. */
async function take(parts: ReverifyParts, verified: Verified): Promise<TakeOutcome> {
  const { source, rules, request, signed, nowMs } = verified;
  const handshake = findHandshake(rules.handshakes.signed, signed);
  const writes = createTakingWrites(parts.store, verified, handshake);
  try {
    if (handshake === null) return await writes.ending(await store(parts, verified, writes));
    if (bringsRedacted(handshake, request))
      return refuse('The secret that the handshake brought was not kept.');
    const performed = await parts.performHandshake(source, rules, handshake, signed, nowMs, writes);
    if (performed.kind === 'handshake_refused') return refuse(performed.detail);
    const isEvent = handshake.action?.kind === 'keep-event';
    const event = isEvent ? await store(parts, verified, writes) : null;
    if (event?.kind === 'full') return event;
    const { reply } = performed;
    return await writes.ending({ kind: 'handshake', source, handshake: handshake.name, reply, event });
  } catch (error) {
    if (error instanceof Gone) return { kind: 'unknown' };
    throw error;
  }
}

/** Somebody else has taken the request, or it was deleted for its age. */
class Gone extends Error {}

/**
 * The writes of a request that is verified after all. The first that comes to something deletes the request and writes to
 * the audit, in its own transaction.
 */
function createTakingWrites(
  store: ReverifyParts['store'],
  { id, audit, source }: Verified,
  handshake: Handshake | null,
) {
  const facts = { source, rejected_id: id, ...(handshake !== null && { outcome: 'handshake' }) };
  let isTaken = false;
  const write = async (one: VerifiedWrite) => {
    const outcome = await store.takeRejected(id, one, withOutcome(audit, facts));
    if (outcome.kind === 'unknown') throw new Gone();
    isTaken ||= outcome.kind === 'taken';
    return outcome.answer;
  };
  return {
    insertEvent: (...args: Parameters<InboxStore['insertEvent']>) =>
      write({ method: 'insertEvent', args }) as ReturnType<InboxStore['insertEvent']>,
    keepSourceState: (...args: Parameters<SourceStateStore['keepSourceState']>) =>
      write({ method: 'keepSourceState', args }) as ReturnType<SourceStateStore['keepSourceState']>,
    replaceSourceState: async (...args: Parameters<SourceStateStore['replaceSourceState']>) => {
      await write({ method: 'replaceSourceState', args });
    },
    /** Deletes the request if nothing had to be written: what it brings is known. */
    async ending<Outcome extends Taken>(outcome: Outcome): Promise<Outcome> {
      if (isTaken || outcome.kind === 'full') return outcome;
      const target = eventIdOf(outcome) ?? audit.target;
      const entry = withOutcome({ ...audit, target }, { ...facts, outcome: outcome.kind });
      if ((await store.dropRejected(id, entry)) === 'unknown') throw new Gone();
      return outcome;
    },
  };
}

type Taken = Extract<ReverifyOutcome, { kind: 'accepted' | 'duplicate' | 'handshake' | 'full' }>;

function eventIdOf(outcome: Exclude<Taken, { kind: 'full' }>): string | null {
  return (outcome.kind === 'handshake' ? outcome.event : outcome)?.receipt.id ?? null;
}

async function store(
  { storeEvent }: ReverifyParts,
  { source, rules, request, signed, nowMs }: Verified,
  { insertEvent }: Pick<InboxStore, 'insertEvent'>,
): Promise<ReverifiedEvent | Readonly<{ kind: 'full' }>> {
  const outcome = await storeVerified(storeEvent, source, rules, request, signed, nowMs, {
    ...RECEIVED,
    insert: insertEvent,
  });
  return outcome.kind === 'full' ? outcome : { ...outcome, source, bodyBytes: request.body.length };
}

function refuse(detail: string): Extract<ReverifyOutcome, { kind: 'rejected' }> {
  return { kind: 'rejected', reason: 'misconfigured', detail };
}

/** The replacement of a redacted secret must not be kept as a secret. */
function bringsRedacted({ action }: Handshake, request: RawRequest): boolean {
  return action?.kind === 'keep-secret' && isRedacted(request);
}

function isRedacted({ url, headers }: RawRequest): boolean {
  return headers.includes(REDACTED) || url.includes(REDACTED);
}

/** Tokens are not kept, so a request that was rejected for its token stays rejected. */
function explain(detail: string, request: RawRequest): string {
  return isRedacted(request) ? `${detail} Values that may be secret were not kept with the request.` : detail;
}

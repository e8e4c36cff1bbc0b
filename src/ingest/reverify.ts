import { type AuditEntry, withOutcome } from '../domain/audit.ts';
import type { InboxStore, RejectedStore, SourceStateStore, VerifiedWrite } from '../store/store.ts';
import type { Tracing } from '../trace/tracing.ts';
import { findHandshake } from '../verify/handshake.ts';
import type { Unavailable, Unverified } from '../verify/outcome.ts';
import type { Handshake } from '../verify/provider.ts';
import type { RequestView } from '../verify/read/signed-request.ts';
import { storeVerified } from './accept-verified.ts';
import { type Source, type SourceRules, toSigned } from './open-source.ts';
import type { PerformHandshake } from './perform-handshake.ts';
import type { RawRequest } from './raw-request.ts';
import { REDACTED } from './redact.ts';
import type { ReverifiedEvent, Reverify, ReverifyOutcome } from './reverify-outcome.ts';
import { RECEIVED, type StoreEvent } from './store-event.ts';
import { traceBrought } from './trace-brought.ts';

export type ReverifyParts = Readonly<{
  store: Pick<RejectedStore, 'readRejected' | 'dropRejected' | 'takeRejected'>;
  sources: ReadonlyMap<string, Source>;
  storeEvent: StoreEvent;
  performHandshake: PerformHandshake;
  tracing?: Pick<Tracing, 'accept'> | undefined;
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
    return traceBrought(parts.tracing, 'operator', source, { ...kept, body }, async (request) => {
      const signed = toSigned(rules, request);
      request.trace?.begin('verify');
      const verdict = await rules.verifier.verify(signed, receivedAtMs);
      request.trace?.end('verify');
      return verdict.ok
        ? take(parts, { id, audit, source, rules, request, signed, nowMs })
        : refusalOf(verdict, request);
    });
  };
}

function refusalOf({ reason, detail }: Unverified | Unavailable, request: RawRequest): ReverifyOutcome {
  if (reason === 'keys_unavailable') return { kind: reason, detail };
  return { kind: 'rejected', reason, detail: explain(detail, request) };
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

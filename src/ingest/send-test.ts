import { type AuditEntry, withOutcome } from '../domain/audit.ts';
import { deliveryIdOf } from '../domain/delivery.ts';
import type { Addressee } from '../domain/order.ts';
import type { IdGenerator } from '../runtime/ids.ts';
import type { AuditStore, InboxStore, NewEvent } from '../store/store.ts';
import { identify } from '../verify/identity/identify.ts';
import type { Source } from './open-source.ts';
import { toSigned } from './open-source.ts';
import type { RawRequest } from './raw-request.ts';
import { signSample } from './sign-sample.ts';
import type { SourceConfig } from './source-config.ts';
import type { StoreEventParts } from './store-event.ts';

/** The source of tests of a destination. Names that begin with `_` are reserved. */
export const TEST_SOURCE = '_test';

export type SentTest =
  | Readonly<{ kind: 'sent'; eventId: string; deliveryId: string; destination: string; eventType: string }>
  | Readonly<{ kind: 'unknown_source' }>
  /** Nobody but the provider can sign for the source, or the source refuses what is signed with its own secrets. */
  | Readonly<{ kind: 'unsigned'; detail: string }>
  | Readonly<{ kind: 'full' }>;

/** Sends events that mean nothing, each to one destination alone. */
export type SendTest = Readonly<{
  /** A request as the source's provider would sign it. */
  ofSource(source: string, destination: string, nowMs: number, audit: AuditEntry): Promise<SentTest>;
  /** An event that no source has sent. */
  ofDestination(destination: string, nowMs: number, audit: AuditEntry): Promise<SentTest>;
}>;

export type SendTestParts = Readonly<{
  store: Pick<InboxStore, 'insertEvent'> & Pick<AuditStore, 'appendAudit'>;
  configs: readonly SourceConfig[];
  sources: ReadonlyMap<string, Source>;
  mark: (addressees: readonly Addressee[]) => readonly Addressee[];
  newId: IdGenerator;
  onAccepted: StoreEventParts['onAccepted'];
}>;

/**
 * Makes the sender of tests. A test has a key of its own kind, so that no real event is ever taken for its repetition; it has
 * no order key, so that no real delivery waits for it; and no route is asked where it goes.
 */
export function createSendTest(parts: SendTestParts): SendTest {
  const { store, configs, sources, mark, newId, onAccepted } = parts;
  const send = async (event: NewEvent, destination: string, audit: AuditEntry): Promise<SentTest> => {
    const facts = { event_id: event.id, destination };
    // First: what is done is in the audit, even if the process ends before it is.
    await store.appendAudit(withOutcome(audit, facts));
    const outcome = await store.insertEvent(event, mark([destination]));
    if (outcome.kind === 'full') return { kind: 'full' };
    onAccepted(event.id, [destination]);
    const { id: eventId, eventType } = event;
    return { kind: 'sent', eventId, deliveryId: deliveryIdOf(eventId, 1), destination, eventType };
  };
  return {
    async ofSource(name, destination, nowMs, audit) {
      const config = configs.find((one) => one.name === name);
      const source = sources.get(name);
      if (config === undefined || source === undefined) return { kind: 'unknown_source' };
      const id = newId(nowMs);
      const made =
        source.rules === null
          ? { kind: 'signed' as const, request: envelopeRequest(name, keyOf(id)), eventType: ENVELOPE_TYPE }
          : await signedRequest(config, source, nowMs, newId);
      if (made.kind === 'unsigned') return made;
      return send(toEvent(id, name, made.eventType, made.request, nowMs), destination, audit);
    },
    ofDestination(destination, nowMs, audit) {
      const id = newId(nowMs);
      const request = plainRequest(destination);
      return send(toEvent(id, TEST_SOURCE, PLAIN_TYPE, request, nowMs), destination, audit);
    },
  };
}

type Made =
  | Readonly<{ kind: 'signed'; request: RawRequest; eventType: string }>
  | Extract<SentTest, { kind: 'unsigned' }>;

/** Signs with each secret of the source until its own rules take the request. */
async function signedRequest(
  config: SourceConfig,
  { rules }: Source,
  nowMs: number,
  newId: IdGenerator,
): Promise<Made> {
  let detail = 'The source has no secret to sign with.';
  for (const made of signSample(config, rules!, nowMs, newId)) {
    if (made.kind === 'unsigned') {
      detail = made.detail;
      continue;
    }
    const { request } = made;
    const signed = toSigned(rules!, request);
    const verdict = await rules!.verifier.verify(signed, nowMs);
    if (verdict.ok) {
      const { eventType } = identify(rules!.identity, signed, nowMs);
      return { kind: 'signed', request, eventType };
    }
    detail = `The source refuses what is signed with its own secret: ${verdict.detail}`;
  }
  return { kind: 'unsigned', detail };
}

const ENVELOPE_TYPE = 'example.created';
const PLAIN_TYPE = 'test.delivery';
const JSON_HEADERS = ['Content-Type', 'application/json'];

function keyOf(id: string): string {
  return `test:${id}`;
}

function toEvent(
  id: string,
  source: string,
  eventType: string,
  { method, url, headers, contentType, body }: RawRequest,
  receivedAtMs: number,
): NewEvent {
  const request = { method, url, headers, contentType, body };
  return { id, source, idempotencyKey: keyOf(id), eventType, ...request, receivedAtMs, origin: 'test' };
}

function envelopeRequest(source: string, key: string): RawRequest {
  return jsonRequest(`/webhooks/${source}`, {
    idempotency_key: key,
    event_type: ENVELOPE_TYPE,
    payload: { test: true },
  });
}

function plainRequest(destination: string): RawRequest {
  const message = `This is a test of the destination ${destination}. Nothing has happened.`;
  return jsonRequest(`/webhooks/${TEST_SOURCE}`, { type: PLAIN_TYPE, message, test: true });
}

function jsonRequest(url: string, content: object): RawRequest {
  const body = Buffer.from(JSON.stringify(content));
  return { method: 'POST', url, headers: JSON_HEADERS, contentType: 'application/json', body };
}

import type { Attempt } from '../src/domain/attempt.ts';
import type { AuditEntry } from '../src/domain/audit.ts';
import type { WebhookEvent } from '../src/domain/event.ts';
import type { BulkOperation } from '../src/domain/operation.ts';
import type { IdGenerator } from '../src/runtime/ids.ts';
import type { RejectedRequest } from '../src/store/store.ts';
import { FAKE_EPOCH_MS } from './fake-clock.ts';

/**
 * Makes UUIDv7s that carry exactly the time they are given, also when it goes back, and that grow within a
 * millisecond. Their tail counts, so they are the same in every run and easy to tell apart in a failure.
 */
export function createCountingIds(): IdGenerator {
  let count = 0;
  return (nowMs) => {
    count += 1;
    const time = nowMs.toString(16).padStart(12, '0');
    return `${time.slice(0, 8)}-${time.slice(8)}-7000-8000-${count.toString(16).padStart(8, '0')}0000`;
  };
}

/** The ids that the builders below use. */
export const nextId: IdGenerator = createCountingIds();

let keys = 0;

/** An event with a new id and a new key; its id carries `receivedAtMs`. */
export function anEvent(overrides: Partial<WebhookEvent> = {}): WebhookEvent {
  const receivedAtMs = overrides.receivedAtMs ?? FAKE_EPOCH_MS;
  keys += 1;
  return {
    id: nextId(receivedAtMs),
    source: 'default',
    idempotencyKey: `key-${keys}`,
    eventType: 'order.created',
    method: 'POST',
    url: '/webhooks',
    headers: ['Host', 'localhost:8000', 'Content-Type', 'application/json'],
    contentType: 'application/json',
    body: Buffer.from(`{"idempotency_key":"key-${keys}","event_type":"order.created","payload":{}}`),
    receivedAtMs,
    origin: 'received',
    ...overrides,
  };
}

/** A request whose signature did not fit; its id carries `receivedAtMs`. */
export function aRejectedRequest(overrides: Partial<RejectedRequest> = {}): RejectedRequest {
  const receivedAtMs = overrides.receivedAtMs ?? FAKE_EPOCH_MS;
  return {
    id: nextId(receivedAtMs),
    source: 'github',
    reason: 'wrong_signature',
    detail: 'the signature is that of other bytes',
    method: 'POST',
    url: '/webhooks/github',
    headers: ['X-Hub-Signature-256', 'sha256=00'],
    contentType: 'application/json',
    body: Buffer.from('{}'),
    bodyBytes: 2,
    receivedAtMs,
    ...overrides,
  };
}

/** An attempt that completed. */
export function anAttempt(overrides: Partial<Attempt> = {}): Attempt {
  return {
    number: 1,
    startedAtMs: FAKE_EPOCH_MS,
    endedAtMs: FAKE_EPOCH_MS,
    outcome: 'succeeded',
    error: null,
    httpStatus: null,
    responseExcerpt: null,
    ...overrides,
  };
}

/** A row of the audit, about a replay by ann. */
export function anAudit(overrides: Partial<AuditEntry> = {}): AuditEntry {
  return {
    atMs: FAKE_EPOCH_MS,
    actor: { name: 'ann', role: 'operator', address: '127.0.0.1' },
    action: 'delivery.replay',
    target: 'a delivery',
    before: null,
    after: null,
    ...overrides,
  };
}

/** A bulk operation that is being counted, by ann. */
export function anOperation(overrides: Partial<BulkOperation> = {}): BulkOperation {
  const createdAtMs = overrides.createdAtMs ?? FAKE_EPOCH_MS;
  return {
    id: nextId(createdAtMs),
    version: 1,
    kind: 'replay',
    state: 'counting',
    filter: 'status:failed',
    digest: 'd1',
    to: null,
    rate: 50,
    by: { name: 'ann', role: 'operator', address: '127.0.0.1' },
    createdAtMs,
    search: { cursor: null, scanned: 0, searchedToMs: null },
    countedAtMs: null,
    count: 0,
    leftOut: {},
    sample: [],
    destinations: {},
    startedAtMs: null,
    endedAtMs: null,
    left: 0,
    outcomes: {},
    takenBack: {},
    error: null,
    ...overrides,
  };
}

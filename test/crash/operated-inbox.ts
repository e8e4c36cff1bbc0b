import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import type { Addressee } from '../../src/domain/order.ts';
import type { Settlement } from '../../src/domain/settlement.ts';
import type { RejectedRequest, Store } from '../../src/store/store.ts';
import { anAttempt, anAudit, anEvent, nextId } from '../../testkit/builders.ts';
import { inParallel } from '../e2e/support/in-parallel.ts';

export const SECRET = 'the secret of github';
const DAY_MS = 86_400_000;
const LEASE_MS = 60_000;

/** What there is to act on, by id or name. */
export type OperatedInbox = Readonly<{
  deadLetters: readonly string[];
  /** The failed delivery that blocks a key, by the key. */
  blocked: ReadonlyMap<string, string>;
  erasable: readonly string[];
  rejected: readonly string[];
  entries: readonly string[];
  /** How many events and rows of the audit are older than their retention. */
  oldEvents: number;
  oldRows: number;
  oldUntilMs: number;
}>;

const SIZE = { each: 60, old: 600 };

/** Fills an empty store with something for every kind of action. */
export async function fillOperatedInbox(store: Store, nowMs: number): Promise<OperatedInbox> {
  const oldMs = nowMs - 500 * DAY_MS;
  const old = times(SIZE.old, (at) => oldMs + at);
  const row = anAudit({ action: 'event.reveal', target: 'old' });
  await inParallel(8, old, (atMs) => store.appendAudit({ ...row, atMs }));
  await inParallel(8, old, async (receivedAtMs) => {
    await store.insertEvent(anEvent({ receivedAtMs }), []);
  });
  const rejected = times(SIZE.each, (at) => aRejected(at, nowMs));
  for (const request of rejected) {
    await store.keepRejected(request, { maxRequests: 1_000, maxBytes: 1 << 30 });
  }
  const entries = times(SIZE.each, (at) => `entry-${at}`);
  for (const entry of entries) await store.keepSourceState('github', entry, 'value', nowMs);
  const keys = times(SIZE.each, (at) => `customer-${at}`);
  const blocked = new Map<string, string>();
  for (const orderKey of keys) {
    const id = await fail(store, { destination: 'ledger', orderKey }, nowMs);
    blocked.set(orderKey, id);
  }
  return {
    deadLetters: await inTurn(times(SIZE.each, () => () => fail(store, 'broken', nowMs))),
    blocked,
    erasable: await inTurn(times(SIZE.each, () => () => accept(store, nowMs))),
    rejected: rejected.map(({ id }) => id),
    entries,
    oldEvents: SIZE.old,
    oldRows: SIZE.old,
    oldUntilMs: nowMs - 100 * DAY_MS,
  };
}

async function accept(store: Store, nowMs: number): Promise<string> {
  const event = anEvent({ receivedAtMs: nowMs });
  await store.insertEvent(event, []);
  return event.id;
}

/** An event whose one delivery has failed. @returns the delivery's id */
async function fail(store: Store, addressee: Addressee, nowMs: number): Promise<string> {
  const isOrdered = typeof addressee !== 'string';
  const destination = isOrdered ? addressee.destination : addressee;
  await store.insertEvent(anEvent({ receivedAtMs: nowMs }), [addressee]);
  const limits = [{ destination, limit: 1 }];
  const token = nextId(nowMs);
  const claim = { limits, token, nowMs, leaseUntilMs: nowMs + LEASE_MS };
  const [leased] = (await store.claim(claim)).leased;
  assert.ok(leased);
  const settlement: Settlement = { kind: 'failed', error: 'no', ...(isOrdered && { blocksKey: true }) };
  const attempt = anAttempt({ outcome: 'failed', error: 'no', startedAtMs: nowMs, endedAtMs: nowMs });
  assert.equal(await store.settle(leased.lease, settlement, attempt, nowMs), 'settled');
  return leased.lease.deliveryId;
}

/** A request that is signed as the configuration wants it, and was rejected under another one. */
function aRejected(at: number, nowMs: number): RejectedRequest {
  const body = Buffer.from(`{"number":${at}}`);
  const signature = createHmac('sha256', SECRET).update(body).digest('hex');
  const headers = [
    ...['content-type', 'application/json', 'x-github-event', 'push', 'x-github-delivery', `rejected-${at}`],
    ...['x-hub-signature-256', `sha256=${signature}`],
  ];
  return {
    ...{ id: nextId(nowMs), source: 'github', reason: 'signature_mismatch', detail: 'no' },
    ...{ method: 'POST', url: '/webhooks/github', headers, contentType: 'application/json' },
    ...{ body, bodyBytes: body.length, receivedAtMs: nowMs },
  };
}

function times<T>(count: number, make: (at: number) => T): T[] {
  return Array.from({ length: count }, (_, at) => make(at));
}

async function inTurn<T>(works: readonly (() => Promise<T>)[]): Promise<T[]> {
  const results: T[] = [];
  for (const work of works) results.push(await work());
  return results;
}

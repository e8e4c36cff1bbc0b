import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { anAttempt, anEvent } from '../../../testkit/builders.ts';
import { FAKE_EPOCH_MS } from '../../../testkit/fake-clock.ts';
import { type Delivery, deliveryIdOf } from '../../domain/delivery.ts';
import type { WebhookEvent } from '../../domain/event.ts';
import type { Settlement } from '../../domain/settlement.ts';
import type { ClaimByIdsRequest, ClaimOutcome, ClaimRequest, Leased, Store, StoreOptions } from '../store.ts';

/** A store of its own, empty, and how to end it. */
export type OpenedStore = Readonly<{
  store: Store;
  /** Durable drivers only: closes the store if it is open and opens what it left behind. */
  reopen?: () => Promise<Store>;
  /** Closes what is open and removes what is left. */
  dispose: () => Promise<void>;
}>;
export type StoreFactory = (options: StoreOptions) => Promise<OpenedStore>;

/** A durable driver's store, opened now and anew for each `reopen`. @param clean removes what is left when it is closed */
export async function openReopenable(
  open: () => Promise<Store>,
  clean: () => Promise<void>,
): Promise<OpenedStore> {
  let store = await open();
  return {
    store,
    async reopen() {
      await store.close();
      store = await open();
      return store;
    },
    async dispose() {
      await store.close();
      await clean();
    },
  };
}

/** When the tests' events are received unless they say otherwise. */
export const T0 = FAKE_EPOCH_MS;
export const LEASE_MS = 60_000;

/** Opens a store that the test's end disposes of. */
export async function openFor(
  t: TestContext,
  factory: StoreFactory,
  options: Partial<StoreOptions> = {},
): Promise<OpenedStore> {
  const opened = await factory({ maxPendingDeliveries: 1_000, ...options });
  t.after(opened.dispose);
  return opened;
}

export type Inserted = Readonly<{
  event: WebhookEvent;
  deliveries: readonly Pick<Delivery, 'id' | 'destination'>[];
}>;

/** Inserts a new event for these destinations. */
export async function insertFor(
  store: Store,
  destinations: readonly string[],
  overrides: Partial<WebhookEvent> = {},
): Promise<Inserted> {
  const event = anEvent(overrides);
  assert.deepEqual(await store.insertEvent(event, destinations), { kind: 'inserted' });
  const deliveries = destinations.map((destination, index) => ({
    id: deliveryIdOf(event.id, index + 1),
    destination,
  }));
  return { event, deliveries };
}

let tokens = 0;

/** A claim of up to `limit` deliveries of each destination, with a token of its own. */
export function claimOf(
  destinations: readonly string[],
  overrides: Partial<ClaimRequest & { limit: number }> = {},
): ClaimRequest {
  const { limit = 100, ...request } = overrides;
  const nowMs = request.nowMs ?? T0;
  return {
    limits: destinations.map((destination) => ({ destination, limit })),
    token: `token-${++tokens}`,
    nowMs,
    leaseUntilMs: nowMs + LEASE_MS,
    ...request,
  };
}

/** A claim of these deliveries, with a token of its own. */
export function claimByIdsOf(deliveryIds: readonly string[], nowMs: number = T0): ClaimByIdsRequest {
  const { token, leaseUntilMs } = claimOf([], { nowMs });
  return { deliveryIds, token, nowMs, leaseUntilMs };
}

/** Claims the delivery of the destination that is due longest; there must be one. */
export async function leaseNext(store: Store, destination: string, nowMs: number = T0): Promise<Leased> {
  const { leased } = await store.claim(claimOf([destination], { nowMs, limit: 1 }));
  assert.equal(leased.length, 1, `nothing of ${destination} is due`);
  return leased[0]!;
}

/** Settles a lease as its holder does: with the attempt that goes with the settlement. */
export async function settleAs(
  store: Store,
  { lease, attempts }: Pick<Leased, 'lease' | 'attempts'>,
  settlement: Settlement,
  nowMs: number = T0,
): Promise<void> {
  const error = 'error' in settlement ? settlement.error : null;
  const attempt =
    settlement.kind === 'released'
      ? null
      : anAttempt({
          number: attempts + 1,
          endedAtMs: nowMs,
          outcome: error === null ? 'succeeded' : 'failed',
          error,
        });
  assert.equal(await store.settle(lease, settlement, attempt, nowMs), 'settled');
}

/** Leases the destination's next delivery and settles it. */
export async function work(
  store: Store,
  destination: string,
  settlement: Settlement,
  nowMs: number = T0,
): Promise<void> {
  await settleAs(store, await leaseNext(store, destination, nowMs), settlement, nowMs);
}

/** One settlement of each kind. */
export const SETTLEMENTS: readonly Settlement[] = [
  { kind: 'completed' },
  { kind: 'retry', dueAtMs: T0 + 5_000, error: 'try again' },
  { kind: 'failed', error: 'gave up' },
  { kind: 'released', dueAtMs: T0 },
];

export function leasedIds({ leased }: ClaimOutcome): string[] {
  return leased.map(({ lease }) => lease.deliveryId);
}

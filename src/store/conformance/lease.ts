import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { anAttempt, nextId } from '../../../testkit/builders.ts';
import type { Lease } from '../../domain/lease.ts';
import type { Store } from '../store.ts';
import {
  claimOf,
  insertFor,
  LEASE_MS,
  leaseNext,
  openFor,
  SETTLEMENTS,
  type StoreFactory,
  settleAs,
  T0,
} from './harness.ts';
import { snapshotOf } from './snapshot.ts';

type Stale = Readonly<{
  name: string;
  /** Brings the delivery of `billing` to where the lease that it returns holds nothing. */
  arrange: (store: Store) => Promise<Lease>;
}>;

/** Leases that hold nothing, each by another way. */
export const STALE: readonly Stale[] = [
  {
    name: 'a token that never was',
    arrange: async (store) => ({ ...(await leaseNext(store, 'billing')).lease, token: 'never' }),
  },
  {
    name: 'the empty token',
    arrange: async (store) => ({ ...(await leaseNext(store, 'billing')).lease, token: '' }),
  },
  {
    name: "another delivery's token",
    arrange: async (store) => {
      await insertFor(store, ['audit']);
      const { lease } = await leaseNext(store, 'audit');
      return { ...(await leaseNext(store, 'billing')).lease, token: lease.token };
    },
  },
  {
    name: 'a guess while the delivery is pending',
    arrange: async (store) => {
      const { lease } = await leaseNext(store, 'billing');
      await store.settle(lease, { kind: 'released', dueAtMs: T0 }, null, T0);
      return { ...lease, token: '' };
    },
  },
  {
    name: 'a lease of a delivery that does not exist',
    arrange: async () => ({ deliveryId: nextId(T0), token: 'never', untilMs: T0 + LEASE_MS, orderKey: null }),
  },
  ...SETTLEMENTS.map((settlement) => ({
    name: `a lease that was settled as ${settlement.kind}`,
    arrange: async (store: Store) => {
      const leased = await leaseNext(store, 'billing');
      await settleAs(store, leased, settlement);
      return leased.lease;
    },
  })),
  {
    name: 'a lease that was taken back and given to the next',
    arrange: async (store) => {
      const { lease } = await leaseNext(store, 'billing');
      const [expired] = await store.expired(lease.untilMs, 1);
      await settleAs(store, expired!, { kind: 'retry', dueAtMs: lease.untilMs, error: 'interrupted' });
      await leaseNext(store, 'billing', lease.untilMs);
      return lease;
    },
  },
];

/** A token that is no longer the delivery's can change nothing. */
export function leaseConformance(factory: StoreFactory): void {
  describe('lease', () => {
    for (const { name, arrange } of STALE) {
      test(`${name} changes nothing`, async (t) => {
        const { store } = await openFor(t, factory);
        const { event } = await insertFor(store, ['billing']);
        const stale = await arrange(store);
        const before = await snapshotOf(store, [event]);

        for (const settlement of SETTLEMENTS) {
          const attempt = settlement.kind === 'released' ? null : anAttempt({ number: 9 });
          assert.equal(await store.settle(stale, settlement, attempt, T0 + 99), 'lost', settlement.kind);
        }
        assert.equal(await store.extend(stale, T0 + 999_999), 'lost');

        assert.deepEqual(await snapshotOf(store, [event]), before);
      });
    }

    test('the holder may settle after the end of the lease, as long as it was not reclaimed', async (t) => {
      const { store } = await openFor(t, factory);
      const { event } = await insertFor(store, ['billing']);
      const leased = await leaseNext(store, 'billing');
      await settleAs(store, leased, { kind: 'completed' }, leased.lease.untilMs + 1);
      assert.equal((await store.eventById(event.id))?.status, 'completed');
    });

    test('deliveries of one claim share its token and are settled one by one', async (t) => {
      const { store } = await openFor(t, factory);
      const one = await insertFor(store, ['billing']);
      const two = await insertFor(store, ['billing']);
      const { leased } = await store.claim(claimOf(['billing']));
      await settleAs(store, leased[0]!, { kind: 'completed' });
      assert.equal((await store.eventById(one.event.id))?.status, 'completed');
      assert.equal((await store.eventById(two.event.id))?.status, 'processing');
      assert.equal(await store.extend(leased[1]!.lease, T0 + 1), 'extended');
    });

    test('extending moves the end, again and again, and says nothing new of the delivery', async (t) => {
      const { store } = await openFor(t, factory);
      const { event } = await insertFor(store, ['billing']);
      const { lease } = await leaseNext(store, 'billing', T0 + 5);
      const before = await store.deliveriesOf(event.id);

      assert.equal(await store.extend(lease, T0 + 2 * LEASE_MS), 'extended');
      assert.equal(await store.extend(lease, T0 + 3 * LEASE_MS), 'extended');

      assert.deepEqual(await store.deliveriesOf(event.id), before);
      assert.deepEqual(await store.expired(T0 + 3 * LEASE_MS - 1, 10), []);
      const [expired] = await store.expired(T0 + 3 * LEASE_MS, 10);
      assert.deepEqual(expired?.lease, { ...lease, untilMs: T0 + 3 * LEASE_MS });
    });

    test('an extended lease settles by its token, whatever end its holder remembers', async (t) => {
      const { store } = await openFor(t, factory);
      await insertFor(store, ['billing']);
      const leased = await leaseNext(store, 'billing');
      await store.extend(leased.lease, T0 + 2 * LEASE_MS);
      await settleAs(store, leased, { kind: 'completed' });
    });
  });
}

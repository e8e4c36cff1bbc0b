import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { anAudit, anEvent } from '../../../testkit/builders.ts';
import type { WebhookEvent } from '../../domain/event.ts';
import type { Store } from '../store.ts';
import {
  claimOf,
  insertFor,
  LEASE_MS,
  leasedIds,
  leaseNext,
  openFor,
  type StoreFactory,
  settleAs,
  T0,
  work,
} from './harness.ts';
import { snapshotOf } from './snapshot.ts';

/** A restart owes nothing to memory. For drivers that keep what they hold beyond the process. */
export function durabilityConformance(factory: StoreFactory): void {
  const openDurable = async (t: TestContext, maxPendingDeliveries = 1_000) => {
    const { store, reopen } = await openFor(t, factory, { maxPendingDeliveries });
    assert.ok(reopen !== undefined, 'a durable driver can be opened again');
    return { store, reopen };
  };

  describe('durability', () => {
    test('everything survives a reopen', async (t) => {
      const { store, reopen } = await openDurable(t);
      const events = await insertEveryState(store);
      const before = await snapshotOf(store, events);
      const reopened = await reopen();
      assert.deepEqual(await snapshotOf(reopened, events), before);
    });

    test('known keys, the limit and leases hold over a reopen', async (t) => {
      const { store, reopen } = await openDurable(t, 2);
      const { event } = await insertFor(store, ['a']);
      const leased = await leaseNext(store, 'a');
      await insertFor(store, ['b', 'c']);

      const reopened = await reopen();

      const again = anEvent({ idempotencyKey: event.idempotencyKey, body: event.body });
      assert.equal((await reopened.insertEvent(again, ['a'])).kind, 'duplicate');
      assert.equal((await reopened.insertEvent(anEvent(), ['a'])).kind, 'full');
      assert.deepEqual(leasedIds(await reopened.claim(claimOf(['a'], { nowMs: T0 + LEASE_MS }))), []);
      assert.deepEqual(
        (await reopened.expired(T0 + LEASE_MS, 10)).map(({ lease }) => lease),
        [leased.lease],
      );
      await settleAs(reopened, leased, { kind: 'completed' });
      assert.equal((await reopened.claim(claimOf(['b', 'c']))).leased.length, 2);
    });

    test('what was submitted before the close is there after it', async (t) => {
      const { store, reopen } = await openDurable(t);
      const events = Array.from({ length: 300 }, () => anEvent());
      const inserts = events.map((event) => store.insertEvent(event, ['a']));
      await store.close();
      const outcomes = await Promise.all(inserts);
      assert.ok(outcomes.every(({ kind }) => kind === 'inserted'));
      assert.equal((await (await reopen()).stats()).events, 300);
    });
  });
}

/** Events whose deliveries are in every state that there is; returns them. */
async function insertEveryState(store: Store): Promise<WebhookEvent[]> {
  const all = await insertFor(store, ['pending', 'leased', 'retried', 'released', 'completed', 'failed'], {
    headers: ['X-A', '1', 'x-a', '\u00ff'],
    body: Uint8Array.from({ length: 256 }, (_, byte) => byte),
  });
  const { lease } = await leaseNext(store, 'leased', T0 + 1);
  await store.extend(lease, T0 + 2 * LEASE_MS);
  await work(store, 'retried', { kind: 'retry', dueAtMs: T0 + 5_000, error: 'again' }, T0 + 2);
  await work(store, 'released', { kind: 'released', dueAtMs: T0 + 3 }, T0 + 3);
  await work(store, 'completed', { kind: 'completed' }, T0 + 4);
  await work(store, 'failed', { kind: 'failed', error: 'no' }, T0 + 5);
  await store.replay(all.deliveries[5]!.id, T0 + 6, {}, anAudit());
  const none = await insertFor(store, []);
  const purged = await insertFor(store, [], { receivedAtMs: T0 - 1 });
  await store.purge(T0, 10, null);
  return [all, none, purged].map(({ event }) => event);
}

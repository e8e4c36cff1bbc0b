import assert from 'node:assert/strict';
import { test } from 'node:test';
import { anEvent } from '../../testkit/builders.ts';
import { FAKE_EPOCH_MS as T0 } from '../../testkit/fake-clock.ts';
import { openMemoryStore } from '../store/memory/open.ts';
import type { Store } from '../store/store.ts';
import { createReplayRedelivered } from './replay-redelivered.ts';

/** An event whose deliveries have failed, the one of an order key so that it blocks the key. */
async function openFailed(maxPendingDeliveries: number, closed: readonly string[] = []) {
  const store: Store = openMemoryStore({ maxPendingDeliveries });
  const event = anEvent();
  await store.insertEvent(event, ['billing', { destination: 'ledger', orderKey: 'k' }]);
  const limits = ['billing', 'ledger'].map((destination) => ({ destination, limit: 1 }));
  const { leased } = await store.claim({ limits, token: 't', nowMs: T0, leaseUntilMs: T0 + 1_000 });
  for (const { lease } of leased) {
    await store.settle(lease, { kind: 'failed', error: 'no', blocksKey: true }, null, T0);
  }
  const announced: string[] = [];
  const replay = createReplayRedelivered({
    store,
    closed: () => closed,
    onPending: ({ destination }) => announced.push(destination),
  });
  const seen = async () => (await store.eventById(event.id))!;
  return { store, event, replay, announced, seen };
}

test('each delivery that was given up is replayed and announced, and the event is pending', async () => {
  const { replay, announced, seen } = await openFailed(10);
  assert.equal((await replay(await seen(), T0)).status, 'pending');
  assert.deepEqual(announced, ['billing', 'ledger']);
  assert.deepEqual((await seen()).givenUp, []);
});

test('for a closed destination there is room, however much is pending', async () => {
  const { store, replay, seen } = await openFailed(2, ['ledger']);
  await store.insertEvent(anEvent(), ['crm', 'mail']);
  assert.equal((await replay(await seen(), T0)).status, 'pending');
  const { held } = await store.stats();
  assert.deepEqual(held, [{ destination: 'ledger', count: 1, oldestAtMs: T0 }]);
});

test('nothing is replayed when the store is full, also not what blocks an order key', async () => {
  const { store, event, replay, announced, seen } = await openFailed(2);
  await store.insertEvent(anEvent(), ['crm', 'mail']);
  assert.equal((await replay(await seen(), T0)).status, 'failed');
  assert.deepEqual(announced, []);
  assert.equal((await store.deliveriesOf(event.id)).length, 2);
  assert.deepEqual(await store.readAudit(0, 10), []);
});

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createCountingIds } from '../../testkit/builders.ts';
import { createFakeClock, FAKE_EPOCH_MS } from '../../testkit/fake-clock.ts';
import { StoreError } from '../domain/errors.ts';
import type { ReceiverEvent } from '../events.ts';
import { openMemoryStore } from '../store/memory/open.ts';
import { createRejectedPurger } from './rejected-purger.ts';

const HOUR_MS = 3_600_000;

function setUp() {
  const clock = createFakeClock();
  const store = { ...openMemoryStore({ maxPendingDeliveries: 10 }) };
  const events: ReceiverEvent[] = [];
  const newId = createCountingIds();
  const purger = createRejectedPurger({
    store,
    mayRun: async () => true,
    clock,
    emit: (event) => void events.push(event),
    retentionMs: 72 * HOUR_MS,
    intervalMs: HOUR_MS,
  });
  const keep = (ageMs: number) => {
    const receivedAtMs = FAKE_EPOCH_MS - ageMs;
    return store.keepRejected(
      {
        ...{ id: newId(receivedAtMs), source: 'a', reason: 'wrong_signature', detail: '', method: 'POST' },
        ...{ url: '/', headers: [], contentType: '', body: null, bodyBytes: 0, receivedAtMs },
      },
      { maxRequests: 1000, maxBytes: 1e6 },
    );
  };
  const count = async () => (await store.listRejected(1000, null, null)).requests.length;
  return { clock, store, events, purger, keep, count };
}

describe('createRejectedPurger', () => {
  it('deletes what is older than its retention, however many, and goes on every interval', async () => {
    const { clock, purger, keep, count } = setUp();
    for (let i = 0; i < 250; i++) await keep(73 * HOUR_MS);
    await keep(72 * HOUR_MS);
    await keep(HOUR_MS);
    await purger.start();
    await clock.advance(0);
    assert.equal(await count(), 2);
    await clock.advance(HOUR_MS);
    assert.equal(await count(), 1);
    await clock.advance(72 * HOUR_MS);
    assert.equal(await count(), 0);
    await purger.stop();
  });

  it('leaves the work to the process that leads', async () => {
    const { clock, store, purger, keep, count } = setUp();
    store.tryLead = async () => 'follower';
    await keep(73 * HOUR_MS);
    await purger.start();
    await clock.advance(0);
    assert.equal(await count(), 1);
    store.tryLead = async () => 'leader';
    await clock.advance(HOUR_MS);
    assert.equal(await count(), 0);
    await purger.stop();
  });

  it('tells of a store that fails, and tries again', async () => {
    const { clock, store, events, purger, keep, count } = setUp();
    await keep(73 * HOUR_MS);
    const { purgeRejected } = store;
    const error = new StoreError('STORE_BUSY', 'it is busy');
    store.purgeRejected = () => Promise.reject(error);
    await purger.start();
    await clock.advance(0);
    assert.deepEqual(events, [{ type: 'store.failed', operation: 'rejected', error }]);
    store.purgeRejected = purgeRejected;
    await clock.advance(HOUR_MS);
    assert.equal(await count(), 0);
    await purger.stop();
  });
});

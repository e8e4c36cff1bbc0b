import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { DELIVERY_STATUSES, type DeliveryStatus } from './delivery.ts';
import { deriveEventStatus, givenUpOf } from './event.ts';

/** The status of an event with one delivery in each of these. */
function statusOf(statuses: readonly DeliveryStatus[]): DeliveryStatus {
  return deriveEventStatus(statuses.map((status, index) => ({ id: `${index}`, status, replayOf: null })));
}

test('an event that no destination wants is completed', () => {
  assert.equal(statusOf([]), 'completed');
});

test('processing goes before pending, pending before failed, failed before completed', () => {
  assert.equal(statusOf(['completed', 'failed', 'pending', 'processing']), 'processing');
  assert.equal(statusOf(['completed', 'failed', 'pending']), 'pending');
  assert.equal(statusOf(['completed', 'failed']), 'failed');
  assert.equal(statusOf(['completed', 'completed']), 'completed');
});

test('only which statuses there are counts, neither order nor number', () => {
  const statuses = fc.array(fc.constantFrom(...DELIVERY_STATUSES), { minLength: 1 });
  fc.assert(
    fc.property(statuses, (list) => {
      const status = statusOf(list);
      assert.ok(list.includes(status));
      assert.equal(statusOf([...list, ...list].toReversed()), status);
    }),
  );
});

test('an event is open exactly while one of its deliveries is', () => {
  const isOpen = (status: DeliveryStatus) => status === 'pending' || status === 'processing';
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...DELIVERY_STATUSES)), (list) => {
      assert.equal(isOpen(statusOf(list)), list.some(isOpen));
    }),
  );
});

test('a delivery that was replayed counts no more, its replay does', () => {
  const old = { id: '1', status: 'failed', replayOf: null } as const;
  assert.equal(deriveEventStatus([old, { id: '2', status: 'completed', replayOf: '1' }]), 'completed');
  assert.equal(deriveEventStatus([old, { id: '2', status: 'completed', replayOf: null }]), 'failed');
});

test('what a redelivery replays is named in one order, whichever way the store reads it', () => {
  const failed = ['1', '2', '3'].map((id) => ({ id, status: 'failed' as const, replayOf: null }));
  assert.deepEqual(givenUpOf(failed.toReversed()), ['1', '2', '3']);
});

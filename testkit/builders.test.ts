import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isUuid, uuidTimeMs } from '../src/runtime/ids.ts';
import { anEvent, createCountingIds } from './builders.ts';

test('ids are UUIDv7s of exactly the given time and grow within a millisecond', () => {
  const ids = createCountingIds();
  const later = [ids(2_000), ids(2_000), ids(2_000)];
  const earlier = ids(1_000);
  assert.ok(later.every(isUuid));
  assert.deepEqual(later.toSorted(), later);
  assert.equal(uuidTimeMs(later[0]!), 2_000);
  assert.equal(uuidTimeMs(earlier), 1_000);
  assert.ok(earlier < later[0]!);
});

test('every generator starts anew, so that a seed gives the same ids', () => {
  assert.equal(createCountingIds()(5), createCountingIds()(5));
});

test('events differ in id and key; overrides win', () => {
  const [one, two] = [anEvent(), anEvent({ source: 'orders', receivedAtMs: 9_000 })];
  assert.notEqual(one.id, two.id);
  assert.notEqual(one.idempotencyKey, two.idempotencyKey);
  assert.equal(two.source, 'orders');
  assert.equal(uuidTimeMs(two.id), 9_000);
});

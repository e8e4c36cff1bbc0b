import assert from 'node:assert/strict';
import test from 'node:test';
import { createSystemRandom } from './random.ts';

test('numbers lie in [0, 1)', () => {
  const random = createSystemRandom();
  const numbers = Array.from({ length: 1_000 }, () => random.next());
  assert.ok(numbers.every((number) => number >= 0 && number < 1));
  assert.ok(new Set(numbers).size > 990);
});

test('fills any length, never with the same bytes twice, also across the end of its pool', () => {
  const random = createSystemRandom();
  const seen = new Set<string>();
  for (let i = 0; i < 5_000; i++) {
    const bytes = new Uint8Array(10);
    random.fill(bytes);
    seen.add(Buffer.from(bytes).toString('hex'));
  }
  assert.equal(seen.size, 5_000);
  for (const length of [0, 16 * 1024, 16 * 1024 + 1]) {
    const bytes = new Uint8Array(length);
    random.fill(bytes);
    assert.ok(length === 0 || bytes.subarray(-64).some((byte) => byte !== 0));
  }
});

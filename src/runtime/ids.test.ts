import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { createSeededRandom } from '../../testkit/seeded-random.ts';
import { createIdGenerator, isUuid, uuidTimeMs } from './ids.ts';

const V7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const NOW_MS = Date.UTC(2026, 0, 1);
const generator = () => createIdGenerator(createSeededRandom(1));

test('makes version 7, variant 10, with the time up front', () => {
  const id = generator()(0x0192_3456_789a);
  assert.match(id, V7);
  assert.ok(id.startsWith('01923456-789a-7000-'));
});

test('fills all bits but the last 16 at random', () => {
  const nextId = createIdGenerator({ next: () => 0, fill: (bytes) => void bytes.fill(0xff) });
  assert.ok(nextId(NOW_MS).endsWith('-7000-bfff-ffffffff0000'));
});

test('grows strictly for any course of the clock', () => {
  const clocks = fc.array(fc.integer({ min: 0, max: 50 }), { minLength: 2, maxLength: 500 });
  fc.assert(
    fc.property(clocks, (steps) => {
      const nextId = generator();
      const ids = steps.map((step) => nextId(NOW_MS + step));
      for (const [at, id] of ids.entries()) {
        assert.match(id, V7);
        if (at > 0) assert.ok(id > ids[at - 1]!, `${ids[at - 1]} then ${id}`);
      }
    }),
  );
});

test('goes on with the last time when the clock steps back', () => {
  const nextId = generator();
  const before = nextId(NOW_MS);
  const after = nextId(NOW_MS - 3_600_000);
  assert.ok(after > before);
  assert.equal(uuidTimeMs(after), NOW_MS);
});

test('borrows the next millisecond when one does not suffice', () => {
  const nextId = generator();
  const ids = Array.from({ length: 10_000 }, () => nextId(NOW_MS));
  assert.deepEqual(ids, ids.toSorted());
  assert.equal(new Set(ids).size, ids.length);
  assert.equal(uuidTimeMs(ids[4095]!), NOW_MS);
  assert.equal(uuidTimeMs(ids[4096]!), NOW_MS + 1);
  assert.equal(uuidTimeMs(ids.at(-1)!), NOW_MS + 2);
  // The clock catches up with what was borrowed, and has its way again.
  assert.ok(nextId(NOW_MS + 1) > ids.at(-1)!);
  assert.equal(uuidTimeMs(nextId(NOW_MS + 3)), NOW_MS + 3);
});

test('carries the time from just after the epoch to the last one', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 2 ** 48 - 1 }), (timeMs) => {
      assert.equal(uuidTimeMs(generator()(timeMs)), timeMs);
    }),
  );
});

test('is whole also with a clock at the epoch or before it', () => {
  for (const timeMs of [0, -1]) assert.match(generator()(timeMs), V7);
});

test('tells a UUID from what only looks like one', () => {
  assert.ok(isUuid(generator()(NOW_MS)));
  const id = `${generator()(NOW_MS).slice(0, -1)}a`;
  for (const text of [
    '',
    id.toUpperCase(),
    `${id}0`,
    ` ${id}`,
    `${id}\n`,
    id.replaceAll('-', ''),
    `{${id}}`,
  ]) {
    assert.ok(!isUuid(text), JSON.stringify(text));
  }
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseStat } from './cpu.ts';

test('the fields behind the name are read, whatever the name holds', () => {
  const text = '42 (a) b (c) S 7 42 42 0 -1 4194560 100 200 0 0 11 22 33 44 20 0 1 0 5000 1 2';
  assert.deepEqual(parseStat(text), { parent: 7, own: 33, reaped: 77 });
});

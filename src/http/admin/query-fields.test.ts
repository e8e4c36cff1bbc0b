import assert from 'node:assert/strict';
import { test } from 'node:test';
import { flagField, momentField, resolveMoment, textField } from './query-fields.ts';

const NOW_MS = Date.UTC(2026, 10, 1, 12);

function momentOf(text: string): number | null {
  const parsed = momentField('').safeParse(text);
  return parsed.success ? resolveMoment(parsed.data!, NOW_MS) : null;
}

test('a moment is a time, or how long ago', () => {
  const ten = Date.UTC(2026, 10, 1, 10);
  for (const text of [
    ...['2h', '120m', '7200s', '2026-11-01T10:00Z', '2026-11-01T10:00:00Z', '2026-11-01T10:00:00.000Z'],
    ...['2026-11-01T12:00+02:00', '2026-11-01T04:30:00-05:30'],
  ]) {
    assert.equal(momentOf(text), ten, text);
  }
  assert.equal(momentOf('1d'), NOW_MS - 86_400_000);
});

test('anything else is no moment', () => {
  for (const text of [
    ...['', '2', 'h', '2 h', '-2h', '2w', '1e3s', '2026-11-01', '2026-11-01 10:00Z', '2026-11-01T10:00'],
    ...['2026-13-01T10:00Z', '2026-11-01T25:00Z', '1793527200000', 'yesterday', '2026-11-01T10:00+2:00'],
  ]) {
    assert.equal(momentOf(text), null, text);
  }
});

test('a flag is true or false, and false when it is left out', () => {
  const values = ['true', 'false', undefined].map((text) => flagField('').parse(text));
  assert.deepEqual(values, [true, false, false]);
  for (const text of ['', '1', 'TRUE', 'yes'])
    assert.equal(flagField('').safeParse(text).success, false, text);
});

test('a text is one that a store can hold', () => {
  for (const text of ['a', 'ü', 'x'.repeat(256), '%_']) assert.ok(textField('').safeParse(text).success);
  for (const text of ['', 'x'.repeat(257), 'a\0', '\ud800'])
    assert.ok(!textField('').safeParse(text).success);
});

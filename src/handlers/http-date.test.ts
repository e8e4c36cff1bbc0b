import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { parseHttpDate } from './http-date.ts';

const NOW_MS = Date.UTC(2026, 10, 23);
const EXAMPLE_MS = Date.UTC(1994, 10, 6, 8, 49, 37);

test('reads the examples of RFC 9110', () => {
  assert.equal(parseHttpDate('Sun, 06 Nov 1994 08:49:37 GMT', NOW_MS), EXAMPLE_MS);
  assert.equal(parseHttpDate('Sunday, 06-Nov-94 08:49:37 GMT', NOW_MS), EXAMPLE_MS);
  assert.equal(parseHttpDate('Sun Nov  6 08:49:37 1994', NOW_MS), EXAMPLE_MS);
});

test('puts a two-digit year within 50 years ahead', () => {
  const yearOf = (digits: string, nowMs = NOW_MS) =>
    new Date(parseHttpDate(`Monday, 01-Jun-${digits} 00:00:00 GMT`, nowMs)!).getUTCFullYear();
  assert.equal(yearOf('76'), 2076);
  assert.equal(yearOf('77'), 1977);
  assert.equal(yearOf('26'), 2026);
  assert.equal(yearOf('10', Date.UTC(2090, 0, 1)), 2110);
});

test('knows the calendar', () => {
  assert.equal(parseHttpDate('Thu, 29 Feb 2024 00:00:00 GMT', NOW_MS), Date.UTC(2024, 1, 29));
  assert.equal(parseHttpDate('Sat, 31 Dec 2016 23:59:60 GMT', NOW_MS), Date.UTC(2017, 0, 1));
  assert.equal(parseHttpDate('Sat, 01 Jan 0050 00:00:00 GMT', NOW_MS), Date.parse('0050-01-01T00:00:00Z'));
  const wrong = [
    '29 Feb 2023 00:00:00',
    '00 Jan 2026 00:00:00',
    '01 Jan 2026 24:00:00',
    '01 Jan 2026 00:60:00',
  ];
  for (const date of wrong) assert.equal(parseHttpDate(`Thu, ${date} GMT`, NOW_MS), null, date);
});

test('takes exactly the three forms', () => {
  const wrong = [
    'sun, 06 nov 1994 08:49:37 gmt',
    'Sun, 6 Nov 1994 08:49:37 GMT',
    'Sun, 06 Nov 94 08:49:37 GMT',
  ];
  for (const text of [...wrong, 'Sun Nov 6 08:49:37 1994', ' Sun, 06 Nov 1994 08:49:37 GMT', '1994-11-06']) {
    assert.equal(parseHttpDate(text, NOW_MS), null, text);
  }
});

test('reads back every date that is written so', () => {
  const seconds = fc.integer({ min: 0, max: 253_402_300_799 });
  fc.assert(
    fc.property(seconds, (second) => {
      assert.equal(parseHttpDate(new Date(second * 1000).toUTCString(), NOW_MS), second * 1000);
    }),
  );
});

import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { capRetryAfterMs, parseRetryAfterMs, RETRY_AFTER_LIMIT_MS } from './retry-after.ts';

const NOW_MS = Date.UTC(2026, 10, 23, 12, 0, 0);

test('reads seconds', () => {
  assert.equal(parseRetryAfterMs('0', NOW_MS), 0);
  assert.equal(parseRetryAfterMs('120', NOW_MS), 120_000);
  assert.equal(parseRetryAfterMs(' 7 ', NOW_MS), 7000);
});

test('reads a date in each of the three forms', () => {
  for (const text of [
    'Mon, 23 Nov 2026 12:00:30 GMT',
    'Monday, 23-Nov-26 12:00:30 GMT',
    'Mon Nov 23 12:00:30 2026',
  ]) {
    assert.equal(parseRetryAfterMs(text, NOW_MS), 30_000, text);
  }
});

test('takes what is past or negative for now', () => {
  for (const text of ['-5', '-0', 'Sun, 06 Nov 1994 08:49:37 GMT', 'Sunday, 06-Nov-94 08:49:37 GMT']) {
    assert.equal(parseRetryAfterMs(text, NOW_MS), 0, text);
  }
});

test('caps what is too long', () => {
  for (const text of ['86401', '9'.repeat(400), 'Fri, 31 Dec 9999 23:59:59 GMT']) {
    assert.equal(parseRetryAfterMs(text, NOW_MS), RETRY_AFTER_LIMIT_MS, text);
  }
});

test('takes the first of several, and nothing for none', () => {
  assert.equal(parseRetryAfterMs(['3', '9'], NOW_MS), 3000);
  assert.equal(parseRetryAfterMs([], NOW_MS), null);
  assert.equal(parseRetryAfterMs(undefined, NOW_MS), null);
});

test('passes over what is neither form', () => {
  const garbage = ['', 'soon', '1.5', '+5', '0x10', '1e3', '5 s', '120, 60', '2026-11-23T12:00:30Z'];
  for (const text of [...garbage, 'Mon, 23 Nov 2026 12:00:30 CET', 'Mon, 31 Feb 2026 12:00:30 GMT']) {
    assert.equal(parseRetryAfterMs(text, NOW_MS), null, text);
  }
});

test('is null or within bounds for any text, and agrees with any whole number of seconds', () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      const waitMs = parseRetryAfterMs(text, NOW_MS);
      assert.ok(waitMs === null || (waitMs >= 0 && waitMs <= RETRY_AFTER_LIMIT_MS));
    }),
  );
  fc.assert(
    fc.property(fc.integer(), (seconds) => {
      assert.equal(parseRetryAfterMs(String(seconds), NOW_MS), capRetryAfterMs(seconds * 1000));
    }),
  );
});

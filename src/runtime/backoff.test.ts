import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pauseAfter } from './backoff.ts';

test('pauses double up to the longest, whatever the number of failures', () => {
  const pauses = [1, 2, 3, 4, 5, 6, 5_000].map((failures) => pauseAfter(failures, 100, 1_500));
  assert.deepEqual(pauses, [100, 200, 400, 800, 1_500, 1_500, 1_500]);
});

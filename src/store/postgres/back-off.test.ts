import assert from 'node:assert/strict';
import { it } from 'node:test';
import { StoreError } from '../../domain/errors.ts';
import { createBackOff } from './back-off.ts';

it('a database that is away is left alone for ever longer, up to two seconds, and not once it is back', () => {
  let nowMs = 0;
  const backOff = createBackOff(() => nowMs);
  const error = new StoreError('STORE_UNAVAILABLE', 'away');
  assert.equal(backOff.obstacle(), null);
  const pauses: number[] = [];
  for (let failures = 0; failures < 7; failures++) {
    backOff.failed(error);
    backOff.failed(error);
    assert.equal(backOff.obstacle(), error);
    const fromMs = nowMs;
    while (backOff.obstacle() !== null) nowMs += 10;
    pauses.push(nowMs - fromMs);
  }
  assert.deepEqual(pauses, [100, 200, 400, 800, 1_600, 2_000, 2_000]);
  backOff.worked();
  backOff.failed(error);
  nowMs += 100;
  assert.equal(backOff.obstacle(), null);
});

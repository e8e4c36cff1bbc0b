import assert from 'node:assert/strict';
import { it } from 'node:test';
import { createFakeClock } from '../../../testkit/fake-clock.ts';
import { createSystemRandom } from '../../runtime/random.ts';
import { CODE_MS, createOneTimeCodes } from './one-time-codes.ts';

const ANN = { name: 'ann', role: 'admin' } as const;

it('a code is good once, for five minutes', async () => {
  const clock = createFakeClock();
  const codes = createOneTimeCodes(clock, createSystemRandom());
  const [first, second] = [codes.issue(ANN), codes.issue(ANN)];
  assert.notEqual(first, second);
  assert.equal(codes.redeem('guessed'), null);
  assert.deepEqual(codes.redeem(first), ANN);
  assert.equal(codes.redeem(first), null);
  await clock.advance(CODE_MS);
  assert.equal(codes.redeem(second), null);
});

it('old codes give way to new ones', () => {
  const codes = createOneTimeCodes(createFakeClock(), createSystemRandom());
  const issued = Array.from({ length: 101 }, () => codes.issue(ANN));
  assert.equal(codes.redeem(issued[0]!), null);
  assert.deepEqual(codes.redeem(issued[1]!), ANN);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type DestinationState,
  expire,
  holdAt,
  INITIAL_STATE,
  overrideAt,
  resumed,
  standingAt,
  withHold,
} from './destination-state.ts';

const NOW = 1_000_000;
const TRIPPED: DestinationState = {
  ...INITIAL_STATE,
  trip: { sinceMs: NOW - 5, error: 'refused', probes: 0, nextProbeAtMs: NOW, probing: null },
};

test('a hold is in force until its end, and without one until it is taken back', () => {
  const open = withHold(INITIAL_STATE, { reason: 'deploy', untilMs: null }, NOW);
  assert.equal(standingAt(open, NOW + 1e9), 'held');
  const ending = withHold(INITIAL_STATE, { reason: null, untilMs: NOW + 10 }, NOW);
  assert.equal(standingAt(ending, NOW + 9), 'held');
  assert.equal(standingAt(ending, NOW + 10), 'open');
  assert.equal(holdAt(ending, NOW + 10), null);
});

test('a second hold keeps the beginning of the first, unless that has ended', () => {
  const first = withHold(INITIAL_STATE, { reason: 'a', untilMs: NOW + 10 }, NOW);
  const again = withHold(first, { reason: 'b', untilMs: null }, NOW + 5);
  assert.deepEqual(again.hold, { reason: 'b', untilMs: null, sinceMs: NOW });
  assert.equal(withHold(first, { reason: 'b', untilMs: null }, NOW + 10).hold?.sinceMs, NOW + 10);
});

test('what is both held and tripped is held, and tripped once the hold ends', () => {
  const both = withHold(TRIPPED, { reason: null, untilMs: NOW + 10 }, NOW);
  assert.equal(standingAt(both, NOW), 'held');
  assert.equal(standingAt(both, NOW + 10), 'tripped');
});

test('a resume ends the hold and closes the breaker, without a slow start', () => {
  const both = withHold(TRIPPED, { reason: null, untilMs: null }, NOW);
  const after = resumed(both, NOW + 7);
  assert.equal(standingAt(after, NOW + 7), 'open');
  assert.equal(after.closedAtMs, null);
  assert.equal(after.freedAtMs, NOW + 7);
});

test('what has ended by its time is taken out, and nothing else', () => {
  const held = withHold(INITIAL_STATE, { reason: null, untilMs: NOW + 10 }, NOW);
  const limited = { ...held, rate: { perSecond: 5, untilMs: NOW + 20 } };
  assert.equal(expire(limited, NOW + 9), limited);
  const after = expire(limited, NOW + 10);
  assert.deepEqual(after, { ...limited, hold: null, freedAtMs: NOW + 10 });
  assert.equal(overrideAt(after, NOW + 19)?.perSecond, 5);
  assert.deepEqual(expire(after, NOW + 20), { ...after, rate: null });
  assert.equal(expire(TRIPPED, NOW + 1e9), TRIPPED);
});

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  afterProbe,
  BREAKER_DEFAULTS,
  FIRST_PROBE_MS,
  kindOfFailure,
  LONGEST_PROBE_MS,
  mayProbe,
  signOf,
  slowStartShare,
  withAnswer,
  withFailure,
  withProbe,
} from './breaker.ts';
import { type DestinationState, INITIAL_STATE } from './destination-state.ts';
import type { TryResult } from './settlement.ts';

const T0 = 1_000_000;
const SUCCEEDED: TryResult = {
  outcome: 'succeeded',
  error: null,
  httpStatus: 200,
  responseExcerpt: null,
  retryAfterMs: null,
};
const answered = (httpStatus: number): TryResult => ({
  ...SUCCEEDED,
  outcome: 'failed',
  error: `answered ${httpStatus}`,
  httpStatus,
});
const UNREACHABLE: TryResult = {
  ...SUCCEEDED,
  outcome: 'failed',
  error: 'connect ECONNREFUSED 10.0.0.7:443',
  httpStatus: null,
  isUnanswered: true,
};

/** The state after a failure of each of the events in turn. */
function afterFailures(events: readonly string[], from: DestinationState = INITIAL_STATE): DestinationState {
  return events.reduce(
    (state, eventId) => withFailure(state, BREAKER_DEFAULTS, { eventId, error: 'HTTP 503' }, T0),
    from,
  );
}

describe('what an attempt says about its destination', () => {
  it('5xx, no answer in time and no connection say that it is down', () => {
    for (const status of [500, 502, 503, 599]) assert.equal(signOf(answered(status)), 'down', `${status}`);
    assert.equal(signOf({ ...UNREACHABLE, outcome: 'timed_out' }), 'down');
    assert.equal(signOf(UNREACHABLE), 'down');
  });

  it('2xx, 3xx and 4xx say that it answers, 429 with a wait among them', () => {
    assert.equal(signOf(SUCCEEDED), 'alive');
    for (const status of [301, 400, 404, 408, 422, 499])
      assert.equal(signOf(answered(status)), 'alive', `${status}`);
    assert.equal(signOf({ ...answered(429), leastRetryMs: 5_000 }), 'alive');
    assert.equal(signOf({ ...answered(410), outcome: 'rejected' }), 'alive');
  });

  it('a handler in the process that throws has answered', () => {
    const { isUnanswered: _, ...threw } = UNREACHABLE;
    assert.equal(signOf({ ...threw, error: 'TypeError: order is undefined' }), 'alive');
    assert.equal(signOf({ ...threw, retryAfterMs: 5_000 }), 'alive');
  });

  it('an attempt whose process ended says nothing', () => {
    assert.equal(signOf({ ...UNREACHABLE, outcome: 'interrupted' }), 'none');
  });

  it('is kept as a kind, never as the text of the error', () => {
    assert.equal(kindOfFailure(answered(503)), 'HTTP 503');
    assert.equal(kindOfFailure(UNREACHABLE), 'no connection: ECONNREFUSED');
    assert.equal(kindOfFailure({ ...UNREACHABLE, outcome: 'timed_out' }), 'no answer in time');
    assert.equal(
      kindOfFailure({ ...UNREACHABLE, error: 'card 4242 declined' }),
      'it failed without an answer',
    );
  });
});

describe('when a breaker opens', () => {
  it('at the fifth failure in a row, if three events are among them', () => {
    assert.equal(afterFailures(['a', 'b', 'c', 'a']).trip, null);
    assert.equal(afterFailures(['a', 'b', 'c', 'a', 'b']).trip?.sinceMs, T0);
  });

  it('never for one event or two, however often they fail', () => {
    assert.equal(afterFailures(Array.from({ length: 500 }, () => 'poison')).trip, null);
    assert.equal(afterFailures(Array.from({ length: 500 }, (_, i) => (i % 2 === 0 ? 'a' : 'b'))).trip, null);
  });

  it('only for failures without an answer between them', () => {
    const almost = withAnswer(afterFailures(['a', 'b', 'c', 'd']));
    assert.equal(afterFailures(['e', 'f', 'g', 'h'], almost).trip, null);
    assert.notEqual(afterFailures(['e', 'f', 'g', 'h', 'i'], almost).trip, null);
  });

  it('an answer without failures before it changes nothing', () => {
    assert.equal(withAnswer(INITIAL_STATE), INITIAL_STATE);
  });
});

describe('probes of an open breaker', () => {
  const tripped = afterFailures(['a', 'b', 'c', 'd', 'e']);

  it('are sent one at a time, the first after a wait', () => {
    const dueAtMs = T0 + FIRST_PROBE_MS;
    assert.equal(mayProbe(tripped, dueAtMs - 1), false);
    assert.equal(mayProbe(tripped, dueAtMs), true);
    const probing = withProbe(tripped, 'node-1', dueAtMs + 30_000);
    assert.equal(mayProbe(probing, dueAtMs + 29_999), false);
    // Its node has died with it.
    assert.equal(mayProbe(probing, dueAtMs + 30_000), true);
  });

  it('are not sent while an operator holds the destination', () => {
    const held = { ...tripped, hold: { reason: null, sinceMs: T0, untilMs: null } };
    assert.equal(mayProbe(held, T0 + 60_000), false);
  });

  it('wait twice as long after each that fails, up to the longest wait', () => {
    let state = tripped;
    const waits = Array.from({ length: 8 }, () => {
      state = afterProbe(withProbe(state, 'node-1', T0), 'node-1', { isAlive: false, error: 'HTTP 503' }, T0);
      return state.trip!.nextProbeAtMs - T0;
    });
    assert.deepEqual(waits, [
      2_000,
      4_000,
      8_000,
      16_000,
      ...Array.from({ length: 4 }, () => LONGEST_PROBE_MS),
    ]);
  });

  it('close it when the destination answers, for a slow start of ten seconds', () => {
    const closed = afterProbe(withProbe(tripped, 'node-1', T0), 'node-1', { isAlive: true, error: null }, T0);
    assert.equal(closed.trip, null);
    const shares = [0, 5_000, 10_000, 60_000].map((passedMs) => slowStartShare(closed, T0 + passedMs));
    assert.deepEqual(shares, [0.1, 0.55, 1, 1]);
  });

  it('of a node that no longer has the probe decide nothing', () => {
    const probing = withProbe(tripped, 'node-2', T0 + 30_000);
    assert.equal(afterProbe(probing, 'node-1', { isAlive: true, error: null }, T0), probing);
  });
});

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { crossCheck } from './cross-checks.ts';
import { readEnv } from './settings.ts';
import type { Env } from './variable.ts';

const check = (env: Env, destinations: unknown = {}) => crossCheck(readEnv(env), { destinations });
const withRetry = (retry: unknown) => ({ d: { url: 'http://h/', retry } });

describe('settings together', () => {
  it('are right by default', () => assert.deepEqual(check({}), []));

  it('have a first retry delay within the longest', () => {
    assert.deepEqual(check({ RETRY_BASE_DELAY: '300' }), []);
    assert.deepEqual(check({ RETRY_BASE_DELAY: '400' }), [
      'RETRY_BASE_DELAY: got 400, takes at most RETRY_MAX_DELAY (300, the default)',
    ]);
    assert.deepEqual(check({ RETRY_MAX_DELAY: '2' }), [
      'RETRY_BASE_DELAY: got 5, the default, takes at most RETRY_MAX_DELAY (2)',
    ]);
  });

  it('have a shortest simulated sleep within the longest', () => {
    assert.deepEqual(check({ SIMULATED_MIN_SECONDS: '6' }), [
      'SIMULATED_MIN_SECONDS: got 6, takes at most SIMULATED_MAX_SECONDS (5, the default)',
    ]);
  });

  it('have a worker and a place in the queue for each destination', () => {
    const three = { a: {}, b: {}, c: {} };
    assert.deepEqual(check({ WORKER_COUNT: '3', QUEUE_MAXSIZE: '3' }, three), []);
    assert.deepEqual(check({ WORKER_COUNT: '2', QUEUE_MAXSIZE: '2' }, three), [
      'WORKER_COUNT: got 2, takes at least 3: each destination needs a worker',
      'QUEUE_MAXSIZE: got 2, takes at least 3: an event that every destination wants must fit',
    ]);
  });

  it("have a destination's delays in order, each completed from the environment", () => {
    assert.deepEqual(check({}, withRetry({ baseDelaySeconds: 10, maxDelaySeconds: 10 })), []);
    assert.deepEqual(check({}, withRetry({ baseDelaySeconds: 11, maxDelaySeconds: 10 })), [
      'destinations.d.retry.baseDelaySeconds: got 11, takes at most maxDelaySeconds (10)',
    ]);
    assert.deepEqual(check({}, withRetry({ baseDelaySeconds: 500 })), [
      'destinations.d.retry.baseDelaySeconds: got 500, takes at most RETRY_MAX_DELAY (300)',
    ]);
    assert.deepEqual(check({}, withRetry({ maxDelaySeconds: 3 })), [
      'destinations.d.retry.maxDelaySeconds: got 3, takes at least RETRY_BASE_DELAY (5)',
    ]);
  });

  it('are not compared where one is wrong by itself', () => {
    assert.deepEqual(
      check({ RETRY_MAX_DELAY: 'x', RETRY_BASE_DELAY: '400', WORKER_COUNT: 'x' }, { a: {}, b: {} }),
      [],
    );
    assert.deepEqual(check({ RETRY_MAX_DELAY: 'x' }, withRetry({ baseDelaySeconds: 500 })), []);
    assert.deepEqual(check({}, withRetry({ baseDelaySeconds: 'x', maxDelaySeconds: 1 })), []);
  });

  it('tell an order that is wrong in the environment once, not for each destination', () => {
    assert.equal(check({ RETRY_BASE_DELAY: '400' }, { a: { retry: {} }, b: {} }).length, 1);
  });

  it('bear any value in place of a config', () => {
    for (const file of [
      null,
      undefined,
      5,
      'x',
      [],
      { destinations: null },
      { destinations: [1] },
      { destinations: { d: 1 } },
    ]) {
      assert.deepEqual(crossCheck(readEnv({}), file), []);
    }
  });
});

import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { ERROR_MESSAGE_CHARS } from '../domain/attempt.ts';
import { PermanentError, RetryAfter } from '../domain/errors.ts';
import { DestinationError } from './handler.ts';
import { resultOfError, resultOfReply } from './normalise-result.ts';
import { RETRY_AFTER_LIMIT_MS } from './retry-after.ts';

const inTime = { timedOut: false, timeoutMs: 30_000 };
const NOTHING = { httpStatus: null, responseExcerpt: null, retryAfterMs: null };
const failed = (error: string) => ({ outcome: 'failed', error, ...NOTHING });

test('a return succeeds, with or without a reply', () => {
  assert.deepEqual(resultOfReply(undefined), { outcome: 'succeeded', error: null, ...NOTHING });
  const reply = { httpStatus: 204, responseExcerpt: 'x' };
  assert.deepEqual(resultOfReply(reply), { outcome: 'succeeded', error: null, ...reply, retryAfterMs: null });
});

test('a timeout is a timeout, whatever the handler threw when it was aborted', () => {
  const expected = { outcome: 'timed_out', error: 'no result within 30 s', ...NOTHING };
  for (const error of [new PermanentError('x'), new Error('aborted'), undefined]) {
    assert.deepEqual(resultOfError(error, { timedOut: true, timeoutMs: 30_000 }), expected);
  }
  assert.equal(resultOfError(null, { timedOut: true, timeoutMs: 250 }).error, 'no result within 0.25 s');
});

test('PermanentError rejects, RetryAfter sets the wait', () => {
  assert.deepEqual(resultOfError(new PermanentError('no'), inTime), { ...failed('no'), outcome: 'rejected' });
  assert.deepEqual(resultOfError(new RetryAfter(7, 'later'), inTime), {
    ...failed('later'),
    retryAfterMs: 7000,
  });
  assert.equal(resultOfError(new RetryAfter(1e9), inTime).retryAfterMs, RETRY_AFTER_LIMIT_MS);
});

test('the errors of another copy of the package count by their code', () => {
  const foreign = (fields: object) => Object.assign(new Error('theirs'), fields);
  assert.equal(resultOfError(foreign({ code: 'HANDLER_PERMANENT' }), inTime).outcome, 'rejected');
  const wait = (seconds: unknown) =>
    resultOfError(foreign({ code: 'HANDLER_RETRY_AFTER', seconds }), inTime).retryAfterMs;
  assert.equal(wait(2), 2000);
  for (const seconds of ['2', -1, Number.NaN, undefined]) assert.equal(wait(seconds), null);
});

test('a DestinationError brings its reply', () => {
  const reply = { httpStatus: 503, responseExcerpt: 'busy' };
  const error = (permanent: boolean) => new DestinationError('503', { reply, permanent, retryAfterMs: 5 });
  assert.deepEqual(resultOfError(error(false), inTime), { ...failed('503'), ...reply, leastRetryMs: 5 });
  assert.equal(resultOfError(error(true), inTime).outcome, 'rejected');
});

test('anything else fails, worded as well as it can be', () => {
  const cause = Object.assign(new Error(''), { code: 'ECONNREFUSED' });
  const cases: [unknown, string][] = [
    [new Error('boom'), 'boom'],
    [new TypeError(''), 'the handler threw TypeError without a message'],
    [new TypeError('fetch failed', { cause }), 'fetch failed (cause: ECONNREFUSED)'],
    ['text', 'text'],
    ['', 'the handler threw an empty string'],
    [undefined, 'the handler threw undefined'],
    [null, 'the handler threw null'],
    [Symbol('s'), 'the handler threw Symbol(s)'],
    [{ message: 'like an error' }, 'like an error'],
    [Object.create(null), 'the handler threw an object without a message'],
    ['a\0b\x1b[0m', 'a\uFFFDb\uFFFD[0m'],
  ];
  for (const [thrown, error] of cases) assert.deepEqual(resultOfError(thrown, inTime), failed(error));
});

test('survives objects that throw when they are looked at', () => {
  const hostile = new Proxy(new Error('x'), {
    get: () => assert.fail('looked at'),
    getPrototypeOf: () => assert.fail('looked at'),
  });
  assert.deepEqual(resultOfError(hostile, inTime), failed('the handler threw a value that cannot be shown'));
});

test('an error is bounded and well-formed, whatever was thrown', () => {
  fc.assert(
    fc.property(
      fc.oneof(fc.anything(), fc.string({ unit: 'binary', minLength: 900, maxLength: 3000 })),
      (thrown) => {
        for (const value of [thrown, new Error(String(typeof thrown === 'string' ? thrown : ''))]) {
          const { outcome, error } = resultOfError(value, inTime);
          assert.equal(outcome, 'failed');
          assert.ok(error !== null && error.length <= ERROR_MESSAGE_CHARS && error.isWellFormed());
        }
      },
    ),
  );
  const huge = resultOfError(new Error('x'.repeat(50_000_000)), inTime).error;
  assert.equal(huge?.length, ERROR_MESSAGE_CHARS);
});

import assert from 'node:assert/strict';
import test from 'node:test';
import { describeFailure } from './connection-failure.ts';

const withCode = (code: string, message = 'secret') => Object.assign(new Error(message), { code });

test('words a code that is known, and shows the code', () => {
  const message = describeFailure(withCode('CERT_HAS_EXPIRED'), 'a.example');
  assert.equal(message, 'a.example: the TLS certificate has expired (CERT_HAS_EXPIRED)');
});

test('words families of codes', () => {
  assert.match(describeFailure(withCode('ERR_TLS_INVALID_CONTEXT'), 'h'), /TLS could not be set up/);
  assert.match(describeFailure(withCode('ERR_SSL_TLSV1_ALERT'), 'h'), /TLS could not be set up/);
});

test('finds the code in the cause and among several', () => {
  assert.match(describeFailure(new Error('x', { cause: withCode('ECONNRESET') }), 'h'), /\(ECONNRESET\)$/);
  const several = new AggregateError([withCode('ECONNREFUSED'), withCode('ENETUNREACH')]);
  assert.match(describeFailure(several, 'h'), /\(ECONNREFUSED\)$/);
});

test('never quotes a message', () => {
  for (const error of [
    withCode('ODD'),
    new TypeError('secret'),
    'secret',
    undefined,
    new AggregateError([]),
  ]) {
    const message = describeFailure(error, 'h');
    assert.match(message, /^h: the request failed/);
    assert.doesNotMatch(message, /secret/);
  }
});

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { StoreError } from '../../domain/errors.ts';
import { bounded, boundedDetails, ERROR_CHARS, errorFields, rfc3339, scrubbed } from './bounded.ts';

describe('scrubbed', () => {
  it('takes out what looks like a secret', () => {
    const text =
      'POST https://me:hunter2@host/x?a=b failed, Authorization: Bearer abc.def-123, key whsec_QUJD+/=';
    const clean = scrubbed(text);
    for (const secret of ['hunter2', 'abc.def', 'QUJD']) assert.ok(!clean.includes(secret), secret);
    assert.ok(clean.includes('https://[redacted]@host/x'));
  });

  it('cuts, and does not leave half a secret at the cut', () => {
    const secret = `whsec_${'k'.repeat(40)}`;
    const clean = scrubbed(`${'x'.repeat(ERROR_CHARS - 20)} ${secret}`);
    assert.ok(clean.length <= ERROR_CHARS);
    assert.ok(!clean.includes('whsec_k'));
  });
});

describe('boundedDetails', () => {
  it('hides values under a name that means a secret, at any depth', () => {
    assert.deepEqual(
      boundedDetails({ port: 8000, secret: 'a', http: { headers: { x: 'b' }, list: ['c'] } }),
      {
        port: 8000,
        secret: '[redacted]',
        http: { headers: '[redacted]', list: ['c'] },
      },
    );
  });

  it('takes anything: cycles, BigInt, megabytes', () => {
    const cycle: Record<string, unknown> = {};
    cycle.self = cycle;
    assert.match(String(boundedDetails(cycle)), /JSON cannot hold/);
    assert.match(String(boundedDetails({ big: 1n })), /JSON cannot hold/);
    const many = Object.fromEntries(Array.from({ length: 1000 }, (_, i) => [`k${i}`, 'v'.repeat(1000)]));
    assert.ok(JSON.stringify(boundedDetails(many)).length < 3000);
  });
});

describe('errorFields', () => {
  it('has message, code and cause, and no stack unless asked for', () => {
    const error = new StoreError('STORE_IO', 'cannot write', { cause: new Error('ENOSPC') });
    assert.deepEqual(errorFields(error, false), {
      error: 'cannot write',
      error_code: 'STORE_IO',
      error_cause: 'ENOSPC',
    });
    assert.match(errorFields(error, true).stack!, /bounded\.test/);
  });

  it('takes whatever was thrown', () => {
    assert.deepEqual(errorFields('text', true), { error: 'text' });
    assert.deepEqual(errorFields(undefined, true), { error: 'undefined' });
  });
});

describe('rfc3339', () => {
  it('never throws', () => {
    assert.equal(rfc3339(0), '1970-01-01T00:00:00.000Z');
    for (const none of [null, Number.NaN, Number.POSITIVE_INFINITY]) assert.equal(rfc3339(none), undefined);
  });
});

describe('bounded', () => {
  it('cuts to the length, the mark included', () => {
    assert.equal(bounded('abcdef', 4), 'abc…');
    assert.equal(bounded('abcd', 4), 'abcd');
  });
});

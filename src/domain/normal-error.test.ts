import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { NORMAL_ERROR_CHARS, normalError } from './normal-error.ts';

/** Texts of one cause each, and the form that they have in common. */
const SAME: readonly (readonly [form: string, ...texts: string[]])[] = [
  [
    'connect ECONNREFUSED <host>',
    'connect ECONNREFUSED 127.0.0.1:5432',
    'connect ECONNREFUSED ::1:5432',
    'connect ECONNREFUSED fe80::1%eth0:80',
  ],
  [
    '<host>: the connection was refused (ECONNREFUSED)',
    'billing:8080: the connection was refused (ECONNREFUSED)',
    '[::1]:80: the connection was refused (ECONNREFUSED)',
    'crm: the connection was refused (ECONNREFUSED)',
  ],
  ['getaddrinfo ENOTFOUND <host>', 'getaddrinfo ENOTFOUND db', 'getaddrinfo ENOTFOUND crm-2.prod.internal'],
  ['no result within <duration>', 'no result within 5 s', 'no result within 0.25 s'],
  ['order # not found', 'order 1042 not found', 'order 7 not found'],
  ['order INV-# not found', 'order INV-20391 not found', 'order INV-1 not found'],
  ['no customer cus_<id>', 'no customer cus_9s6XKzkNRiz8i3', 'no customer cus_QjP0aZ81nbVVk2'],
  ['no event <id>', 'no event 019b76da-a800-7000-8000-00001a720000', 'no event 01HXYZ8DEFGHJKMNPQRSTVWX9A'],
  [
    'Key (email)=(<value>) already exists.',
    'Key (email)=(ada@example.com) already exists.',
    'Key (email)=(Grace Hopper) already exists.',
  ],
  [
    'Unexpected token <value> is not valid JSON',
    `Unexpected token '<', "<!DOCTYPE "... is not valid JSON`,
    `Unexpected token 'o', "oops" is not valid JSON`,
  ],
  ['to http://<host>/login/#', 'to http://10.0.0.7:3000/login/12', 'to http://crm.example/login/4711'],
  [
    '{"error":"db timeout","request_id":"<id>","at":"<time>"}',
    '{"error":"db timeout","request_id":"8f3a2b1c","at":"2026-11-30T16:03:27.123Z"}',
    '{"error":"db timeout","request_id":"00ffee12","at":"2025-01-02 03:04:05+01:00"}',
  ],
  ['<time> down', 'Mon, 30 Nov 2026 16:03:27 GMT down', '30/Nov/2026:16:03:27 +0000 down', '10:03:27 down'],
  ['at /app/server.js:#:#', 'at /app/server.js:12:34', 'at /app/server.js:4:5'],
  ['ids #', 'ids 1, 2, 3', 'ids 4, 5'],
];

/** Texts of different causes. */
const DIFFERENT: readonly (readonly string[])[] = [
  ['Request failed with status code 404', 'Request failed with status code 500'],
  ['error code: 23505', 'error code: 40001'],
  [
    "Cannot read properties of undefined (reading 'id')",
    "Cannot read properties of undefined (reading 'name')",
  ],
  ['order.created is not a function', 'order.paid is not a function'],
  ['ERR_HTTP2_STREAM_CANCEL', 'ERR_HTTP2_PING_CANCEL'],
  ['connect ECONNREFUSED 127.0.0.1:80', 'connect ETIMEDOUT 127.0.0.1:80'],
];

describe('the normal form of an error', () => {
  for (const [form, ...texts] of SAME) {
    it(`is ${form}`, () => {
      for (const text of texts) assert.equal(normalError(text), form);
    });
  }

  it('tells different causes apart', () => {
    for (const texts of DIFFERENT)
      assert.equal(new Set(texts.map((text) => normalError(text))).size, texts.length, texts.join());
  });

  it('reads the beginning of a text alone', () => {
    const start = 'x'.repeat(NORMAL_ERROR_CHARS);
    assert.equal(normalError(`${start}a`), normalError(`${start}b`));
  });

  it('is its own normal form, so that it may be compared with itself', () => {
    for (const [form = ''] of SAME) assert.equal(normalError(form), form);
  });
});

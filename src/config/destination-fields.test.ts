import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { checkFile } from './check-file.ts';

const SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
const problemsOf = (value: unknown) => checkFile(value, 'webhooks.config.json').problems;
const problemsWith = (fields: object) => problemsOf({ destinations: { d: { url: 'http://h/', ...fields } } });

describe('a url', () => {
  for (const url of ['https://example.com', 'http://[::1]:3000/a?b=c', 'http://localhost:1/']) {
    it(`may be ${url}`, () => assert.deepEqual(problemsWith({ url }), []));
  }
  for (const url of [
    'example.com/x',
    'ftp://h/',
    'file:///etc',
    'http://',
    ' http://h/',
    `http://h/${'x'.repeat(2048)}`,
  ]) {
    it(`may not be ${url.slice(0, 20)}`, () => {
      assert.match(problemsWith({ url }).join(), /^destinations\.d\.url: got .*, takes an http or https URL/);
    });
  }

  it('carries no credentials, and a line about it prints none', () => {
    assert.deepEqual(problemsWith({ url: 'https://user:hunter2@h/x?token=hunter2' }), [
      'destinations.d.url: got "https://(redacted)@h/(redacted)", takes a URL without user name and password: put credentials into headers',
    ]);
    for (const url of ['user:hunter2@h/', 'ftp://user:hunter2@h/', 'h/?token=hunter2']) {
      assert.doesNotMatch(problemsWith({ url }).join(), /hunter2/);
    }
  });
});

describe('a secret', () => {
  const encoded = (bytes: number) => `whsec_${Buffer.alloc(bytes, 250).toString('base64')}`;

  it('is a Standard Webhooks secret of 24 to 64 bytes', () => {
    for (const bytes of [24, 32, 64]) assert.deepEqual(problemsWith({ secret: encoded(bytes) }), []);
    for (const bytes of [0, 23, 65]) assert.equal(problemsWith({ secret: encoded(bytes) }).length, 1);
    for (const secret of [SECRET.slice(6), `${SECRET}!`, SECRET.replace('=', ''), ` ${SECRET}`, 'whsec_']) {
      assert.equal(problemsWith({ secret }).length, 1, secret);
    }
  });

  it('is never printed', () => {
    assert.deepEqual(problemsWith({ secret: 'hunter2' }), [
      'destinations.d.secret: got a text of 7 characters, takes a Standard Webhooks secret: "whsec_" and the base64 of 24 to 64 bytes',
    ]);
    const misplaced = [
      { destinations: { d: 'hunter2' } },
      { destinations: 'hunter2' },
      { sources: { s: 'hunter2' } },
    ];
    for (const value of misplaced) assert.doesNotMatch(problemsOf(value).join(), /hunter2/);
  });

  it('that came out undefined stops start-up, or requests would go out unsigned', () => {
    assert.match(problemsWith({ secret: undefined }).join(), /^destinations\.d\.secret: got nothing, takes/);
  });
});

describe('headers', () => {
  it('have names and values that HTTP allows', () => {
    assert.deepEqual(problemsWith({ headers: { 'X-Token': 'abc', 'x_y.z': '' } }), []);
    for (const headers of [
      { 'a b': 'x' },
      { '': 'x' },
      { 'a:': 'x' },
      { x: 'a\r\nb' },
      { x: 'a\0' },
      { x: 'ä€' },
      { x: 5 },
    ]) {
      assert.equal(problemsWith({ headers }).length, 1, JSON.stringify(headers));
    }
  });

  it('are not those of the connection or of the receiver', () => {
    for (const name of [
      'Host',
      'content-length',
      'Connection',
      'Transfer-Encoding',
      'TE',
      'Idempotency-Key',
      'Webhook-Event-Id',
      'Webhook-Origin',
      'webhook-id',
    ]) {
      assert.match(
        problemsWith({ headers: { [name]: 'x' } }).join(),
        new RegExp(`got the name "${name}", takes a header name`),
      );
    }
  });

  it('never show a value', () => {
    assert.doesNotMatch(problemsWith({ headers: { Authorization: 'hunter2\n' } }).join(), /hunter2/);
  });

  it('come once each, and are at most 100', () => {
    assert.equal(problemsWith({ headers: { 'X-A': '1', 'x-a': '2' } }).length, 1);
    const many = Object.fromEntries(Array.from({ length: 101 }, (_, at) => [`x-${at}`, '']));
    assert.equal(problemsWith({ headers: many }).length, 1);
  });
});

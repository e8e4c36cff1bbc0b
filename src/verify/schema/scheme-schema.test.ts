import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { z } from 'zod';
import { PROVIDERS } from '../providers/index.ts';
import type { Scheme } from '../scheme.ts';
import { checkScheme } from './check-scheme.ts';
import type { schemeSchema } from './scheme-schema.ts';

/** The type and the schema are the same, both ways: the schema says the other way itself. */
type Checked = z.output<typeof schemeSchema>;
const _fits: (scheme: Scheme) => Checked = (scheme) => scheme;

const sig = { from: 'header:X-Sig' };
const hmac = { alg: 'hmac', sig } as const;
const jwt = (rules: object) => ({ alg: 'jwt', sig, jwt: { algs: ['HS256'], keys: 'secret', ...rules } });

const RIGHT: readonly Scheme[] = [
  hmac,
  {
    alg: 'hmac',
    hash: 'sha512',
    sig: {
      from: ['header:A', 'header:X-Sig-*'],
      group: ' ',
      split: ',',
      kv: '=',
      key: ['v1', 'v2'],
      prefix: 'x',
      trim: true,
      enc: 'base64url',
    },
    signed: ['{ts}.{body}', '{header:X-Id}.{ts}.{body}'],
    key: { strip: 'whsec_', enc: 'base64', derive: 'sha1', bytes: [24, 64] },
    ts: { from: 'sig:t', unit: 'ms', tol: null },
    when: { header: 'x', noHeader: 'y', contentType: ['application/json'], secretPrefix: 'w' },
    bodyHashQuery: 'h',
    each: 'body:/items',
    matches: { 'header:X-Id': '[a-z]+' },
  },
  { alg: 'digest', sig, signed: '{secret}{body}' },
  { alg: 'ed25519', sig, pub: 'raw-hex', ts: { from: 'header:t' }, signed: '{ts}{body}' },
  { alg: 'rsa-sha256', sig, pub: 'pem', pubStrip: 'x' },
  { alg: 'token', sig, equals: 'param:state' },
  { alg: 'basic' },
  {
    alg: 'jwt',
    sig,
    jwt: { algs: ['HS256'], keys: 'secret', claims: { a: true, b: 'x' }, iss: ['a', 'b'], aud: '{url}' },
  },
  { alg: 'jwt', sig, jwt: { algs: ['RS256'], keys: { url: 'https://h/jwks' }, bearer: true, skew: 60 } },
  { alg: 'plugin', plugin: 'sns' },
];

/** A scheme that is wrong, and how its line begins and what it says. */
const WRONG: readonly (readonly [unknown, string, RegExp])[] = [
  [undefined, '', /takes an object with alg/],
  ['hmac', '', /takes an object with alg/],
  [[], '', /takes an object with alg/],
  [{ alg: 'hmc', sig }, '.alg', /takes one of hmac, digest/],
  [{ sig }, '.alg', /takes one of hmac/],
  [{ alg: 'hmac' }, '.sig', /takes an object with any of from/],
  [{ ...hmac, sgined: '{body}' }, '.sgined', /not a known key, takes one of alg, hash, sig, signed/],
  [{ ...hmac, pub: 'pem' }, '.pub', /not a known key/],
  [{ ...hmac, hash: 'md5' }, '.hash', /takes one of sha1, sha256, sha512/],
  [{ ...hmac, sig: { from: 'hdr:X' } }, '.sig.from', /takes a locator.*begins with none of/],
  [{ ...hmac, sig: { from: ['header:X', 'body:id'] } }, '.sig.from[1]', /"body:id".*JSON Pointer/],
  [{ ...hmac, sig: { from: [] } }, '.sig.from', /takes a locator .* or a list of 1 to/],
  [{ ...hmac, sig: { ...sig, enc: 'bin' } }, '.sig.enc', /takes one of hex, HEX, base64/],
  [{ ...hmac, sig: { ...sig, spilt: ',' } }, '.sig.spilt', /not a known key, takes one of from/],
  [{ ...hmac, signed: '{body' }, '.signed', /takes a template.*brace/],
  [{ ...hmac, signed: '{boddy}' }, '.signed', /\{boddy\}/],
  [{ ...hmac, signed: ['{body}', ''] }, '.signed[1]', /takes a template/],
  [{ ...hmac, ts: { from: 'sig:t', unit: 'min' } }, '.ts.unit', /takes one of s, ms, iso/],
  [{ ...hmac, ts: { from: 'sig:t', tol: -1 } }, '.ts.tol', /takes a number of seconds/],
  [{ ...hmac, key: { enc: 'utf16' } }, '.key.enc', /takes one of utf8, base64, hex/],
  [{ ...hmac, when: { haeder: 'x' } }, '.when.haeder', /not a known key, takes one of secretPrefix/],
  [{ ...hmac, matches: { 'header:X': '(' } }, '.matches.header:X', /takes a regular expression/],
  [{ ...hmac, matches: { X: 'a' } }, '.matches.X', /takes a locator/],
  [{ ...hmac, hash: undefined }, '.hash', /takes one of sha1/],
  [{ alg: 'digest', sig }, '.signed', /takes a template/],
  [{ alg: 'jwt', sig, jwt: { algs: ['none'], keys: 'secret' } }, '.jwt.algs[0]', /takes one of HS256/],
  [{ alg: 'jwt', sig, jwt: { algs: [], keys: 'secret' } }, '.jwt.algs', /one or more/],
  [{ alg: 'jwt', sig, jwt: { algs: ['RS256'], keys: { url: 'http://h/' } } }, '.jwt.keys', /https url/],
  [{ alg: 'plugin', plugin: 'rsa' }, '.plugin', /takes one of sns/],
  [jwt({ aud: '{nope}' }), '.jwt.aud', /takes a text .*\{nope\}/],
  [jwt({ iss: ['a', '{url'] }), '.jwt.iss[1]', /takes a text .*brace/],
  [jwt({ claims: { email: '{nope}' } }), '.jwt.claims.email', /takes a text .*\{nope\}/],
  [jwt({ claims: { email: '' } }), '.jwt.claims.email', /takes a text of 1 to/],
  [jwt({ claims: { email: 5 } }), '.jwt.claims.email', /takes a text, true or false/],
  [jwt({ keys: { url: 'https://user:pw@h/' } }), '.jwt.keys', /https url/],
  [{ ...jwt({}), ts: { from: 'header:T' } }, '.ts', /not a known key, takes one of alg, sig, jwt, when/],
  [{ alg: 'basic', matches: {} }, '.matches', /not a known key, takes one of alg, when/],
];

describe('the schema of a scheme', () => {
  it('takes all that the types have', () => {
    assert.equal(typeof _fits, 'function');
    for (const scheme of RIGHT) assert.deepEqual(checkScheme(scheme), [], JSON.stringify(scheme));
  });

  it('takes what the providers are declared with', () => {
    for (const { id, schemes } of PROVIDERS) {
      for (const scheme of schemes) assert.deepEqual(checkScheme(scheme), [], id);
    }
  });

  for (const [value, at, said] of WRONG) {
    it(`refuses ${JSON.stringify(value) ?? 'nothing'}`, () => {
      const problems = checkScheme(value);
      assert.equal(problems.length, 1, problems.join('\n'));
      assert.ok(problems[0]!.startsWith(`${at}: `), problems.join('\n'));
      assert.match(problems[0]!, said);
    });
  }

  it('tells all mistakes at once', () => {
    const wrong = { alg: 'hmac', hash: 'x', sig: { from: 'x', enc: 'y' }, zzzzzzzz: 1, sgined: 2 };
    assert.equal(checkScheme(wrong).length, 5);
  });
});

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { z } from 'zod';
import type { Scheme } from '../ingest/verify/scheme.ts';
import { checkFile } from './check-file.ts';
import type { schemeSchema } from './scheme-schema.ts';

/** The type and the schema are the same, both ways. */
type Checked = z.output<typeof schemeSchema>;
const _fits: (scheme: Scheme) => Checked = (scheme) => scheme;

const sig = { from: 'header:X-Sig' };
const hmac = { alg: 'hmac', sig } as const;
const problemsOf = (verify: unknown) =>
  checkFile({ sources: { p: { verify, secret: 's' } } }, 'config').problems;

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
  [undefined, '', /got nothing, takes an object with alg/],
  ['hmac', '', /got "hmac", takes an object with alg/],
  [[], '', /got a list of 0, takes a scheme, or a list/],
  [{ alg: 'hmc', sig }, '.alg', /got "hmc", takes one of hmac, digest/],
  [{ sig }, '.alg', /got nothing, takes one of hmac/],
  [{ alg: 'hmac' }, '.sig', /got nothing, takes an object with any of from/],
  [{ ...hmac, sgined: '{body}' }, '.sgined', /not a known key, the nearest is signed/],
  [{ ...hmac, pub: 'pem' }, '.pub', /not a known key/],
  [{ ...hmac, hash: 'md5' }, '.hash', /got "md5", takes one of sha1, sha256, sha512/],
  [{ ...hmac, sig: { from: 'hdr:X' } }, '.sig.from', /takes a locator.*begins with none of/],
  [{ ...hmac, sig: { from: ['header:X', 'body:id'] } }, '.sig.from[1]', /got "body:id".*JSON Pointer/],
  [{ ...hmac, sig: { from: [] } }, '.sig.from', /takes a locator .* or a list of 1 to/],
  [{ ...hmac, sig: { ...sig, enc: 'bin' } }, '.sig.enc', /takes one of hex, HEX, base64/],
  [{ ...hmac, sig: { ...sig, spilt: ',' } }, '.sig.spilt', /the nearest is split/],
  [{ ...hmac, signed: '{body' }, '.signed', /takes a template.*brace/],
  [{ ...hmac, signed: '{boddy}' }, '.signed', /\{boddy\}/],
  [{ ...hmac, signed: ['{body}', ''] }, '.signed[1]', /got "", takes a template/],
  [{ ...hmac, ts: { from: 'sig:t', unit: 'min' } }, '.ts.unit', /takes one of s, ms, iso/],
  [{ ...hmac, ts: { from: 'sig:t', tol: -1 } }, '.ts.tol', /takes a number of seconds/],
  [{ ...hmac, key: { enc: 'utf16' } }, '.key.enc', /takes one of utf8, base64, hex/],
  [{ ...hmac, when: { haeder: 'x' } }, '.when.haeder', /the nearest is header/],
  [{ ...hmac, matches: { 'header:X': '(' } }, '.matches["header:X"]', /takes a regular expression/],
  [{ ...hmac, matches: { X: 'a' } }, '.matches.X', /got the name "X", takes a locator/],
  [{ ...hmac, hash: undefined }, '.hash', /got nothing/],
  [{ alg: 'digest', sig }, '.signed', /got nothing/],
  [
    { alg: 'jwt', sig, jwt: { algs: ['none'], keys: 'secret' } },
    '.jwt.algs[0]',
    /got "none", takes one of HS256/,
  ],
  [{ alg: 'jwt', sig, jwt: { algs: [], keys: 'secret' } }, '.jwt.algs', /one or more/],
  [{ alg: 'jwt', sig, jwt: { algs: ['RS256'], keys: { url: 'http://h/' } } }, '.jwt.keys', /https url/],
  [{ alg: 'plugin', plugin: 'rsa' }, '.plugin', /takes one of sns/],
];

describe('the schema of a scheme', () => {
  it('takes all that the types have', () => {
    assert.equal(typeof _fits, 'function');
    for (const scheme of RIGHT) assert.deepEqual(problemsOf(scheme), [], JSON.stringify(scheme));
    assert.deepEqual(problemsOf(RIGHT), []);
  });

  for (const [value, at, said] of WRONG) {
    it(`refuses ${JSON.stringify(value) ?? 'nothing'}`, () => {
      const problems = problemsOf(value);
      assert.equal(problems.length, 1, problems.join('\n'));
      assert.ok(problems[0]!.startsWith(`sources.p.verify${at}: `), problems.join('\n'));
      assert.match(problems[0]!, said);
    });
  }

  it('names the item of a list', () => {
    assert.match(problemsOf([hmac, { alg: 'x' }]).join(), /^sources\.p\.verify\[1\]\.alg: got "x"/);
  });

  it('tells all mistakes at once', () => {
    assert.equal(problemsOf({ alg: 'hmac', hash: 'x', sig: { from: 'x', enc: 'y' }, zzzzzzzz: 1 }).length, 4);
  });
});

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { checkFile } from './check-file.ts';

/** What a scheme takes is the business of src/verify; here it is how the lines at start-up show what they got. */

const sig = { from: 'header:X-Sig' };
const hmac = { alg: 'hmac', sig } as const;
const problemsOf = (verify: unknown) =>
  checkFile({ sources: { p: { verify, secret: 's' } } }, 'config').problems;

/** A scheme that is wrong, and how its line begins and what it says. */
const WRONG: readonly (readonly [unknown, string, RegExp])[] = [
  [undefined, '', /got nothing, takes an object with alg/],
  ['hmac', '', /got "hmac", takes an object with alg/],
  [[], '', /got a list of 0, takes a scheme, or a list/],
  [{ alg: 'hmc', sig }, '.alg', /got "hmc", takes one of hmac, digest/],
  [{ sig }, '.alg', /got nothing, takes one of hmac/],
  [{ alg: 'hmac' }, '.sig', /got nothing, takes an object with any of from/],
  [{ ...hmac, sgined: '{body}' }, '.sgined', /not a known key, the nearest is signed/],
  [{ ...hmac, pub: 'pem' }, '.pub', /not a known key, takes one of alg, hash/],
  [{ ...hmac, hash: 'md5' }, '.hash', /got "md5", takes one of sha1, sha256, sha512/],
  [{ ...hmac, hash: undefined }, '.hash', /got nothing/],
  [{ ...hmac, sig: { from: ['header:X', 'body:id'] } }, '.sig.from[1]', /got "body:id".*JSON Pointer/],
  [{ ...hmac, sig: { ...sig, spilt: ',' } }, '.sig.spilt', /the nearest is split/],
  [{ ...hmac, signed: ['{body}', ''] }, '.signed[1]', /got "", takes a template/],
  [{ ...hmac, ts: { from: 'sig:t', tol: -1 } }, '.ts.tol', /got -1, takes a number of seconds/],
  [{ ...hmac, when: { haeder: 'x' } }, '.when.haeder', /the nearest is header/],
  [{ ...hmac, matches: { 'header:X': '(' } }, '.matches["header:X"]', /takes a regular expression/],
  [{ ...hmac, matches: { X: 'a' } }, '.matches.X', /got the name "X", takes a locator/],
  [{ alg: 'digest', sig }, '.signed', /got nothing/],
  [{ alg: 'basic', ts: { from: 'header:T' } }, '.ts', /not a known key, takes one of alg, when/],
  [
    { alg: 'jwt', sig, jwt: { algs: ['none'], keys: 'secret' } },
    '.jwt.algs[0]',
    /got "none", takes one of HS256/,
  ],
  [
    { alg: 'jwt', sig, jwt: { algs: ['HS256'], keys: 'secret', aud: '{nope}' } },
    '.jwt.aud',
    /got "\{nope\}", takes a text/,
  ],
];

describe('a scheme in the config file', () => {
  for (const [value, at, said] of WRONG) {
    it(`is refused with what it got: ${JSON.stringify(value) ?? 'nothing'}`, () => {
      const problems = problemsOf(value);
      assert.equal(problems.length, 1, problems.join('\n'));
      assert.ok(problems[0]!.startsWith(`sources.p.verify${at}: `), problems.join('\n'));
      assert.match(problems[0]!, said);
    });
  }

  it('may be one of a list, which is named', () => {
    assert.deepEqual(problemsOf([hmac, { alg: 'digest', sig, signed: '{secret}{body}' }]), []);
    assert.match(problemsOf([hmac, { alg: 'x' }]).join(), /^sources\.p\.verify\[1\]\.alg: got "x"/);
  });

  it('is told all its mistakes at once', () => {
    assert.equal(problemsOf({ alg: 'hmac', hash: 'x', sig: { from: 'x', enc: 'y' }, zzzzzzzz: 1 }).length, 4);
  });
});

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { compileVerifier, PROVIDERS } from '../index.ts';
import type { Scheme } from '../scheme.ts';
import { checkScheme } from './check-scheme.ts';
import { weaknessesOf } from './sound-scheme.ts';

const sig = { from: 'header:S', split: ',', kv: '=', key: 'v1' };
const hmac = { alg: 'hmac', sig } as const;
const token = { alg: 'token', sig: { from: 'header:T' } } as const;

const WEAK: readonly (readonly [object, RegExp])[] = [
  [{ ...token, equals: 'header:Y' }, /^\.equals: takes secret, or a parameter/],
  [{ ...token, equals: 'header:T' }, /^\.equals: /],
  [{ ...token, equals: 'query:t' }, /^\.equals: /],
  [{ ...token, ts: { from: 'header:Time' } }, /^\.ts: takes nothing beside a token/],
  [{ ...hmac, signed: 'constant' }, /^\.signed: takes a template with a part of the request/],
  [{ ...hmac, signed: '{ts}', ts: { from: 'header:Time' } }, /^\.signed: /],
  [{ ...hmac, signed: '{param:a}{method}{path}' }, /^\.signed: /],
  [{ ...hmac, signed: '{url:noquery}' }, /^\.signed: /],
  [{ ...hmac, signed: '{sig:t}' }, /^\.signed: /],
  [{ ...hmac, signed: ['{body}', 'constant'] }, /^\.signed: /],
  [{ alg: 'digest', sig, signed: '{secret}' }, /^\.signed: /],
  [{ alg: 'ed25519', sig, pub: 'pem', signed: 'x' }, /^\.signed: /],
  [{ ...hmac, ts: { from: 'header:Time' } }, /^\.ts\.from: takes what signed has in it/],
  [{ ...hmac, ts: { from: 'sig:t' }, signed: '{sig:u}.{body}' }, /^\.ts\.from: /],
  [{ ...hmac, ts: { from: 'query:t' } }, /^\.ts\.from: /],
  [{ ...hmac, ts: { from: 'query:t' }, signed: '{url:noquery}{body}' }, /^\.ts\.from: /],
  [{ ...hmac, ts: { from: 'header:Time' }, signed: ['{ts}{body}', '{body}'] }, /^\.ts\.from: /],
  [{ ...hmac, ts: { from: ['header:A', 'header:B'] }, signed: '{header:B}{body}' }, /^\.ts\.from: /],
  [{ ...hmac, ts: { from: 'body:/time' }, signed: '{body:/id}' }, /^\.ts\.from: /],
  [{ ...hmac, ts: { from: 'form:time' }, signed: '{form:payload}' }, /^\.ts\.from: /],
];

const SOUND: readonly object[] = [
  { ...token, equals: 'secret' },
  { ...token, equals: 'param:state' },
  { ...hmac, ts: { from: 'header:Time' }, signed: '{header:TIME}.{body}' },
  { ...hmac, ts: { from: 'sig:t' }, signed: '{sig:t}.{body}' },
  { ...hmac, ts: { from: ['header:A', 'header:B'] }, signed: '{ts}.{body}' },
  { ...hmac, ts: { from: 'body:/time' } },
  { ...hmac, ts: { from: 'body:/time' }, signed: '{body_sha256_hex}' },
  { ...hmac, ts: { from: 'body:/time' }, signed: '{url}', bodyHashQuery: 'h' },
  { ...hmac, ts: { from: 'query:t' }, signed: '{url}{body}' },
  { ...hmac, ts: { from: 'form:time' }, signed: '{form_sorted}' },
  { ...hmac, ts: { from: 'form:json/time' }, signed: '{form:json}' },
  { ...hmac, ts: { from: 'item:/time' }, signed: '{item:/time}{item:/id}', each: 'body:/items' },
  { ...hmac, signed: '{crc32}' },
];

describe('a scheme that would prove nothing', () => {
  for (const [scheme, said] of WEAK) {
    it(`does not start: ${JSON.stringify(scheme)}`, () => {
      const problems = checkScheme(scheme);
      assert.equal(problems.length, 1, problems.join('\n'));
      assert.match(problems[0]!, said);
      const verify = scheme as Scheme;
      assert.throws(() => compileVerifier({ verify, secrets: ['s'], params: { a: 'b' } }), /takes /);
    });
  }

  it('is told apart from one that does', () => {
    for (const scheme of SOUND) assert.deepEqual(checkScheme(scheme), [], JSON.stringify(scheme));
  });

  it('is none of the providers', () => {
    for (const { id, schemes } of PROVIDERS) {
      for (const scheme of schemes) assert.deepEqual(weaknessesOf(scheme), [], id);
    }
  });
});

import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { describe, it } from 'node:test';
import { compileVerifier, type VerifierOptions } from './compile.ts';
import { verifyWebhook } from './index.ts';
import type { SignedRequest } from './read/signed-request.ts';
import type { Scheme } from './scheme.ts';
import { SchemeError } from './scheme-error.ts';

const NOW_MS = 1_760_000_000_000;
const SIMPLE: Scheme = { alg: 'hmac', sig: { from: 'header:X-Sig' } };

function sign(secret: string, text: string, hash = 'sha256'): string {
  return createHmac(hash, secret).update(text).digest('hex');
}

function request(headers: readonly string[], body = 'body', url = 'https://h.example/in'): SignedRequest {
  return { method: 'POST', url, headers, body: Buffer.from(body) };
}

function problems(options: VerifierOptions): readonly string[] {
  try {
    compileVerifier(options);
  } catch (error) {
    assert.ok(error instanceof SchemeError);
    assert.equal(error.code, 'SCHEME_INVALID');
    return error.problems;
  }
  return [];
}

describe('a verification that cannot be set up', () => {
  const wrong: readonly [string, VerifierOptions, RegExp][] = [
    ['nothing', {}, /either provider or verify/],
    ['both', { provider: 'github', verify: SIMPLE, secrets: ['s'] }, /not both/],
    ['an unknown provider', { provider: 'git-hub-2', secrets: ['s'] }, /no provider "git-hub-2"/],
    ['no secret', { provider: 'github' }, /github: a secret is missing/],
    ['an empty secret', { provider: 'github', secrets: ['s', ''] }, /a secret is empty/],
    [
      'a secret of white space',
      { provider: 'github', secrets: [' \n'] },
      /a secret is empty, or nothing but/,
    ],
    ['an empty public key', { provider: 'discord', publicKey: '' }, /publicKey is empty/],
    ['no public key', { provider: 'discord', secrets: ['s'] }, /publicKey is missing/],
    ['a public key of another form', { provider: 'discord', publicKey: 'abc' }, /32 bytes of the key in hex/],
    [
      'a key of another kind',
      { provider: 'sendgrid', publicKey: 'MCowBQYDK2VwAyEApvv5/Dnhzdkkm0tuhglPNKkDRzGd3VaQR5LkKNpg+QE=' },
      /SubjectPublicKeyInfo in base64 for ecdsa-p256/,
    ],
    ['a secret that does not decode', { provider: 'svix', secrets: ['whsec_?'] }, /not "whsec_" and base64/],
    [
      'a signing key for a secret',
      { provider: 'svix', secrets: ['whsk_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'] },
      /not "whsec_"/,
    ],
    ['one of two secrets that does not decode', { provider: 'adyen', secrets: ['aa', 'zz'] }, /not hex/],
    ['a secret without a user', { provider: 'postmark', secrets: ['password'] }, /user:password/],
    ['a missing parameter', { provider: 'aws-sns' }, /params.topicArn/],
    ['a missing parameter of the keys', { provider: 'plaid' }, /params.clientId/],
    [
      'a tolerance that is none',
      { provider: 'stripe', secrets: ['s'], toleranceSeconds: Number.NaN },
      /toleranceSeconds/,
    ],
    ['an unknown scheme', { verify: { alg: 'md5' } as never }, /verify.alg/],
    ['an unknown member', { verify: { ...SIMPLE, hasch: 'sha1' } as never, secrets: ['s'] }, /verify.*hasch/],
    [
      'a wrong locator',
      { verify: { alg: 'hmac', sig: { from: 'headers:X' } }, secrets: ['s'] },
      /verify.sig.from.*"headers:X"/,
    ],
    [
      'a wrong template',
      { verify: { ...SIMPLE, signed: '{ts}.{bodie}' }, secrets: ['s'] },
      /verify.signed.*\{bodie\}/,
    ],
    ['a lone brace', { verify: { ...SIMPLE, signed: ['{body}', '{ts.{body}'] }, secrets: ['s'] }, /brace/],
    [
      'a digest without the secret',
      { verify: { alg: 'digest', sig: { from: 'header:X' }, signed: '{body}' }, secrets: ['s'] },
      /no \{secret\}/,
    ],
    ['no scheme', { verify: [], secrets: ['s'] }, /no scheme/],
    [
      'the algorithm none',
      {
        verify: { alg: 'jwt', sig: { from: 'header:X' }, jwt: { algs: ['none'], keys: 'secret' } },
        secrets: ['s'],
      },
      /algs/,
    ],
    [
      'an HMAC by public keys',
      {
        verify: {
          alg: 'jwt',
          sig: { from: 'header:X' },
          jwt: { algs: ['RS256', 'HS256'], keys: { url: 'https://k.example' } },
        },
      },
      /HS256/,
    ],
  ];
  for (const [what, options, expected] of wrong) {
    it(`is refused at once: ${what}`, () => {
      assert.match(problems(options).join('\n'), expected);
      assert.ok(problems(options).length > 0);
    });
  }

  it('is misconfigured to verifyWebhook, which never throws', async () => {
    const body = Buffer.from('');
    for (const options of [
      { provider: 'nope' },
      { provider: 'github' },
      {},
      { provider: 7 },
      { provider: 'github', secret: 7 },
    ]) {
      const result = await verifyWebhook({ ...(options as object), body, now: NOW_MS });
      assert.equal(result.ok ? 'ok' : result.reason, 'misconfigured');
    }
    const result = await verifyWebhook({
      provider: 'github',
      secret: 's',
      body: 'text' as never,
      now: NOW_MS,
    });
    assert.equal(result.ok ? 'ok' : result.reason, 'misconfigured');
  });

  it('waits for the secret where the provider sends it', () => {
    for (const provider of ['asana', 'notion']) {
      const verdict = compileVerifier({ provider }).verify(request([]), NOW_MS);
      assert.ok(!(verdict instanceof Promise) && !verdict.ok && verdict.reason === 'no_secret');
    }
  });
});

describe('a verification', () => {
  const verdict = (options: VerifierOptions, given: SignedRequest, nowMs = NOW_MS) => {
    const found = compileVerifier(options).verify(given, nowMs);
    assert.ok(!(found instanceof Promise), 'HMAC needs no promise');
    return found.ok ? 'ok' : found.reason;
  };

  it('takes any of several secrets', () => {
    const options = { verify: SIMPLE, secrets: ['new', 'old'] };
    assert.equal(verdict(options, request(['x-sig', sign('old', 'body')])), 'ok');
    assert.equal(verdict(options, request(['X-SIG', sign('new', 'body')])), 'ok');
    assert.equal(verdict(options, request(['x-sig', sign('older', 'body')])), 'wrong_signature');
  });

  it('tells what is wrong with a signature', () => {
    const options = { verify: SIMPLE, secrets: ['s'] };
    const right = sign('s', 'body');
    assert.equal(verdict(options, request([])), 'missing_signature');
    assert.equal(verdict(options, request(['x-sig', ''])), 'missing_signature');
    assert.equal(verdict(options, request(['x-sig', right.toUpperCase()])), 'malformed_signature');
    assert.equal(verdict(options, request(['x-sig', `${right} `])), 'malformed_signature');
    assert.equal(verdict(options, request(['x-sig', right, 'X-Sig', right])), 'malformed_signature');
    assert.equal(verdict(options, request(['x-sig', right], 'bodY')), 'wrong_signature');
  });

  it('takes any template, and passes over those with something missing', () => {
    const options = {
      verify: { ...SIMPLE, signed: ['{header:x-id}.{body}', '{url}{body}'] } as Scheme,
      secrets: ['s'],
    };
    assert.equal(verdict(options, request(['x-sig', sign('s', '7.body'), 'x-id', '7'])), 'ok');
    assert.equal(verdict(options, request(['x-sig', sign('s', 'https://h.example/inbody')])), 'ok');
    assert.equal(verdict(options, request(['x-sig', sign('s', '.body')])), 'wrong_signature');
    const both = { verify: { ...SIMPLE, signed: '{header:x-id}.{body}' } as Scheme, secrets: ['s'] };
    assert.equal(verdict(both, request(['x-sig', sign('s', '.body')])), 'malformed_signature');
  });

  it('signs header bytes as they came, which Node reads as Latin-1', () => {
    const options = { verify: { ...SIMPLE, signed: '{header:x-id}.{body}' } as Scheme, secrets: ['s'] };
    const asRead = Buffer.from('é').toString('latin1');
    assert.equal(verdict(options, request(['x-sig', sign('s', 'é.body'), 'x-id', asRead])), 'ok');
  });

  it('overrides every tolerance', () => {
    const stripe = (secondsAgo: number, options: object) => {
      const ts = NOW_MS / 1000 - secondsAgo;
      const header = `t=${ts},v1=${sign('s', `${ts}.body`)}`;
      return verdict(
        { provider: 'stripe', secrets: ['s'], ...options },
        request(['stripe-signature', header]),
      );
    };
    assert.equal(stripe(300, {}), 'ok');
    assert.equal(stripe(-300, {}), 'ok');
    assert.equal(stripe(301, {}), 'stale_timestamp');
    assert.equal(stripe(-301, {}), 'future_timestamp');
    assert.equal(stripe(301, { toleranceSeconds: 400 }), 'ok');
    assert.equal(stripe(1, { toleranceSeconds: 0 }), 'stale_timestamp');
  });

  it('refuses what is ambiguous in a list', () => {
    const ts = NOW_MS / 1000;
    const right = sign('s', `${ts}.body`);
    const stripe = (header: string) =>
      verdict({ provider: 'stripe', secrets: ['s'] }, request(['stripe-signature', header]));
    assert.equal(stripe(`t=${ts},v1=${right}`), 'ok');
    assert.equal(stripe(`v1=${sign('x', '')},t=${ts},v0=x,v1=${right}`), 'ok');
    assert.equal(stripe(`t=${ts},t=${ts},v1=${right}`), 'malformed_timestamp');
    assert.equal(stripe(`t=${ts},v1=${right},`), 'malformed_signature');
    assert.equal(stripe(`t=${ts},v1=${right},junk`), 'malformed_signature');
    assert.equal(stripe(`t=${ts},v0=${right}`), 'malformed_signature');
    assert.equal(stripe(`t=${ts}x,v1=${sign('s', `${ts}x.body`)}`), 'malformed_timestamp');
    assert.equal(stripe(`t=,v1=${sign('s', '.body')}`), 'missing_timestamp');
    assert.equal(stripe(`t=-5,v1=${sign('s', '-5.body')}`), 'malformed_timestamp');
    assert.equal(stripe(`v1=${right}`), 'missing_timestamp');
  });

  it('verifies each item, and no empty list', () => {
    const options = {
      verify: {
        ...SIMPLE,
        each: 'body:/items',
        sig: { from: 'item:/sig' },
        signed: '{item:/a}:{item:/b}',
      } as Scheme,
      secrets: ['s'],
    };
    const items = (...list: unknown[]) => request([], JSON.stringify({ items: list }));
    const one = { a: 'x', b: null, sig: sign('s', 'x:') };
    const two = { a: 5, b: true, sig: sign('s', '5:true') };
    assert.equal(verdict(options, items(one, two)), 'ok');
    assert.equal(verdict(options, items(one, { ...two, a: 6 })), 'wrong_signature');
    assert.equal(verdict(options, items(one, { a: 'x' })), 'missing_signature');
    assert.equal(verdict(options, items(one, null)), 'missing_signature');
    assert.equal(verdict(options, items({ ...one, a: { x: 1 } })), 'malformed_body');
    assert.equal(verdict(options, items()), 'malformed_body');
    assert.equal(verdict(options, request([], '{"items":{"0":1}}')), 'malformed_body');
    assert.equal(verdict(options, request([], 'no json')), 'malformed_body');
  });

  it('covers the body by its hash in the URL', () => {
    const url = (hash: string) => `https://h.example/in?bodySHA256=${hash}`;
    const twilio = (at: string, body: string) => {
      const mac = createHmac('sha1', 's').update(at).digest('base64');
      return verdict(
        { provider: 'twilio', secrets: ['s'] },
        request(['x-twilio-signature', mac, 'content-type', 'application/json'], body, at),
      );
    };
    const hash = '44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a';
    assert.equal(twilio(url(hash), '{}'), 'ok');
    assert.equal(twilio(url(hash), ''), 'ok', 'an empty body is hashed as {}');
    assert.equal(twilio(url(hash), '[]'), 'wrong_signature');
    assert.equal(twilio(url(hash.toUpperCase()), '{}'), 'wrong_signature');
    assert.notEqual(twilio('https://h.example/in', '{}'), 'ok', 'the URL alone would leave the body open');
  });

  it('sorts fields and their different values, with the port or without', () => {
    const at = 'https://h.example/in?x=1';
    const twilio = (text: string, body: string) => {
      const mac = createHmac('sha1', 's').update(text).digest('base64');
      const type = 'application/x-www-form-urlencoded; charset=utf-8';
      return verdict(
        { provider: 'twilio', secrets: ['s'] },
        request(['x-twilio-signature', mac, 'content-type', type], body, at),
      );
    };
    assert.equal(twilio(`${at}A1A2B+é`, 'B=%2B%C3%A9&A=2&A=1&A=2'), 'ok');
    assert.equal(twilio('https://h.example:443/in?x=1B1', 'B=1'), 'ok');
    assert.equal(twilio(`${at}B1`, 'B=2'), 'wrong_signature');
    assert.equal(twilio(`${at}B\ufffd`, 'B=%ff'), 'malformed_body');
  });
});

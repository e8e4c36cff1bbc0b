import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Provider } from '../verify/provider.ts';
import { findProvider } from '../verify/providers/index.ts';
import type { Scheme, Template } from '../verify/scheme.ts';
import { identityOf } from './identity-rules.ts';
import type { Verification } from './source-config.ts';

const sig = { from: 'header:X-Signature' } as const;
const BODY: Scheme = { alg: 'hmac', sig };
const OURS: Provider = {
  id: 'ours',
  name: 'Ours',
  family: 'body',
  needs: [],
  schemes: [BODY],
  idempotencyKey: ['{body:/id}'],
  eventType: ['{body:/type}'],
};
const DAY_MS = 86_400_000;

type Chosen = Readonly<{
  keys?: readonly Template[];
  types?: readonly Template[];
  windowMs?: number;
  tolerance?: number;
}>;

function identity(chosen: Chosen, provider: Provider | null, schemes: readonly Scheme[]) {
  const verification: Verification = {
    ...{ provider: provider?.id ?? null, schemes, secrets: [], publicKey: null, params: {} },
    ...{ publicUrl: null, replayOnRedelivery: true, handshakes: [], reply: null },
    identity: { idempotencyKey: chosen.keys ?? null, eventType: chosen.types ?? null },
    toleranceSeconds: chosen.tolerance ?? null,
    replayWindowMs: chosen.windowMs ?? null,
  };
  return identityOf(verification, provider, schemes);
}

/** The mark that an explicit window has. */
const replayKey = (keys: readonly Template[], ...schemes: readonly Scheme[]) =>
  identity({ keys, windowMs: 60_000 }, null, schemes).rules.replayKey;

describe('the identity of a source', () => {
  it("has the provider's rules, with the user's in their place", () => {
    const former = { of: ['{body:/old}'], seconds: 60 };
    const marks = [{ when: ['body:/at'], windowSeconds: 60, source: 'a test' }];
    const provider: Provider = { ...OURS, marks, formerKeys: former };
    assert.deepEqual(identity({}, provider, [BODY]).rules, {
      idempotencyKey: ['{body:/id}'],
      eventType: ['{body:/type}'],
      marks,
      formerKeys: former,
    });
    assert.deepEqual(identity({ keys: ['{body:/key}'], types: ['a'] }, provider, [BODY]).rules, {
      idempotencyKey: ['{body:/key}'],
      eventType: ['a'],
      marks,
    });
    assert.deepEqual(identity({}, null, [BODY]).rules, { idempotencyKey: [], eventType: [] });
  });
});

describe('a replay mark', () => {
  it('is off unless the user sets a window, and the source is then unmarked', () => {
    const github = findProvider('github')!;
    const off = identity({}, github, github.schemes);
    assert.deepEqual([off.replayWindowMs, off.isUnmarked, off.rules.replayKey], [0, true, undefined]);
    const on = identity({ windowMs: 60_000 }, github, github.schemes);
    assert.deepEqual([on.replayWindowMs, on.isUnmarked], [60_000, false]);
    assert.deepEqual(on.rules.replayKey, github.replayKey);
    // An explicit 0 is the user's own decision, which nobody needs to be told of.
    assert.equal(identity({ windowMs: 0 }, github, github.schemes).isUnmarked, false);
    const stripe = findProvider('stripe')!;
    assert.equal(identity({}, stripe, stripe.schemes).isUnmarked, false);
  });

  it('stays on where the signature covers a token instead of the event', () => {
    const mailgun = findProvider('mailgun')!;
    const { replayWindowMs, isUnmarked, rules } = identity({}, mailgun, mailgun.schemes);
    assert.deepEqual([replayWindowMs, isUnmarked], [DAY_MS, false]);
    assert.deepEqual(rules.replayKey, mailgun.replayKey);
    assert.equal(identity({ tolerance: 86_400 }, mailgun, mailgun.schemes).replayWindowMs, 2 * DAY_MS);

    const token: Scheme = {
      ...{ alg: 'hmac', sig, ts: { from: 'form:timestamp' } },
      signed: '{form:timestamp}{form:token}',
    };
    const own = identity({ keys: ['{form:id}'] }, null, [token]);
    assert.deepEqual([own.replayWindowMs, own.rules.replayKey], [DAY_MS, ['{header:X-Signature}']]);
    const header: Scheme = { alg: 'hmac', sig, signed: '{header:X-Nonce}' };
    assert.equal(identity({}, null, [header]).replayWindowMs, DAY_MS);
  });

  it('is off where what is signed may be the event, or only tells the time', () => {
    const signed = (text: string, more = {}): Scheme => ({ alg: 'hmac', sig, signed: text, ...more });
    for (const scheme of [
      signed('{form:payload}'),
      signed('{url}{form_sorted}'),
      signed('{header:X-Time}', { ts: { from: 'header:X-Time' } }),
      signed('{url}'),
    ]) {
      assert.equal(identity({}, null, [scheme]).replayWindowMs, 0, JSON.stringify(scheme));
    }
  });

  it('is of the body where the sender of a captured request could give it another key', () => {
    assert.deepEqual(replayKey(['{header:X-Id}'], BODY), ['{body_sha256_hex}']);
    assert.deepEqual(replayKey(['a-{query:id}'], BODY), ['{body_sha256_hex}']);
    assert.equal(replayKey(['{body:/id}'], BODY), undefined);
    assert.equal(replayKey([], BODY), undefined);
    const signed: Scheme = { ...BODY, signed: '{header:x-ID}.{body}' };
    assert.equal(replayKey(['{header:X-Id}'], signed), undefined);
    assert.deepEqual(replayKey(['{header:X-Id}'], signed, BODY), ['{body_sha256_hex}']);
    assert.equal(replayKey(['{query:id}'], { ...BODY, signed: '{url}{body}' }), undefined);
  });

  it('has all that tells two events with one body apart: a type beside the body, a time beside it', () => {
    const timed: Scheme = { ...BODY, ts: { from: 'header:X-Time' }, signed: '{ts}.{body}' };
    const chosen = { keys: ['{header:X-Id}'], types: ['{header:X-Type}', '{body:/type}'], windowMs: 1 };
    assert.deepEqual(identity(chosen, null, [timed]).rules.replayKey, [
      '{header:X-Type}:{header:X-Time}:{body_sha256_hex}',
      '{header:X-Type}:{body_sha256_hex}',
      '{header:X-Time}:{body_sha256_hex}',
      '{body_sha256_hex}',
    ]);
  });
});

describe('the replay mark of an event of which less than the body is signed', () => {
  const form: Scheme = { alg: 'hmac', sig, signed: '{form:payload}' };

  it('is its signature, whatever the key is', () => {
    for (const keys of [['{header:X-Id}'], ['{body:/id}'], []]) {
      assert.deepEqual(replayKey(keys, form), ['{header:X-Signature}']);
    }
    assert.deepEqual(replayKey([], { ...form, sig: { from: ['header:A', 'query:b'] } }), [
      '{header:A}',
      '{query:b}',
    ]);
    assert.deepEqual(replayKey([], BODY, form), ['{header:X-Signature}']);
  });

  it('is what was signed, where its signature could be written otherwise', () => {
    const list = { from: 'header:S', split: ',', kv: '=', key: 'v1' };
    const signed = '{ts}.{sig:n}.{header:X-Id}.{form:payload}';
    const name = (more: object) => replayKey([], { ...form, sig: list, signed, ...more } as Scheme);
    assert.deepEqual(name({ ts: { from: 'header:T' } }), ['{header:T}..{header:X-Id}.{form:payload}']);
    assert.deepEqual(name({ ts: { from: 'sig:t' } }), ['..{header:X-Id}.{form:payload}']);
    const ecdsa: Scheme = { alg: 'ecdsa-p256', pub: 'pem', sig, signed: '{form:a}' };
    assert.deepEqual(replayKey([], ecdsa), ['{form:a}']);
    const items: Scheme = {
      ...form,
      each: 'body:/items',
      sig: { from: 'item:/s' },
      signed: '{item:/id}:{param:a}',
    };
    assert.deepEqual(replayKey([], items), ['{body:/items/*/id}:']);
  });

  it('is that of the provider where it says one, and none where its own key stays', () => {
    const provider: Provider = { ...OURS, schemes: [form] };
    const windowMs = 1;
    assert.equal(identity({ windowMs }, provider, [form]).rules.replayKey, undefined);
    assert.deepEqual(identity({ windowMs, keys: ['{header:X-Id}'] }, provider, [form]).rules.replayKey, [
      '{header:X-Signature}',
    ]);
    const named = { ...provider, replayKey: '{body:/x}' };
    assert.equal(identity({ windowMs, keys: [] }, named, [form]).rules.replayKey, '{body:/x}');
  });

  it('is left to the key where the body is signed as its hash', () => {
    assert.equal(replayKey([], { ...BODY, signed: '{body_sha256_hex}' }), undefined);
    assert.equal(replayKey([], { ...BODY, signed: '{url}', bodyHashQuery: 'h' }), undefined);
    assert.equal(replayKey([], { alg: 'token', sig }), undefined);
  });
});

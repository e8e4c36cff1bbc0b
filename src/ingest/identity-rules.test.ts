import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Provider } from '../verify/provider.ts';
import type { Scheme, Template } from '../verify/scheme.ts';
import { identityRules } from './identity-rules.ts';

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

const own = (idempotencyKey: readonly Template[] | null, eventType: readonly Template[] | null = null) => ({
  idempotencyKey,
  eventType,
});
const replayKey = (keys: readonly Template[], ...schemes: readonly Scheme[]) =>
  identityRules(own(keys), null, schemes).replayKey;

describe('identityRules', () => {
  it("are the provider's, with the user's in their place", () => {
    assert.deepEqual(identityRules(own(null), OURS, OURS.schemes), {
      idempotencyKey: ['{body:/id}'],
      eventType: ['{body:/type}'],
    });
    assert.deepEqual(
      identityRules(own(['{body:/key}'], ['a']), { ...OURS, replayKey: '{x}' }, OURS.schemes),
      {
        idempotencyKey: ['{body:/key}'],
        eventType: ['a'],
        replayKey: '{x}',
      },
    );
    assert.deepEqual(identityRules(own(null), null, [BODY]), { idempotencyKey: [], eventType: [] });
  });

  it('recognise a repetition by its body where the key could be changed by whoever repeats it', () => {
    assert.equal(replayKey(['{header:X-Id}'], BODY), '{body_sha256_hex}');
    assert.equal(replayKey(['a-{query:id}'], BODY), '{body_sha256_hex}');
    assert.equal(identityRules(own(['{header:X-Id}']), OURS, OURS.schemes).replayKey, '{body_sha256_hex}');
    assert.equal(replayKey(['{body:/id}'], BODY), undefined);
    assert.equal(replayKey([], BODY), undefined);
  });

  it('leave that out where the signature covers the key', () => {
    const signed: Scheme = { ...BODY, signed: '{header:x-ID}.{body}' };
    assert.equal(replayKey(['{header:X-Id}'], signed), undefined);
    assert.equal(replayKey(['{header:X-Id}'], signed, BODY), '{body_sha256_hex}');
    // By one of the two the body is not signed.
    assert.deepEqual(replayKey(['{header:X-Id}'], { ...BODY, signed: ['{header:X-Id}', '{body}'] }), [
      '{header:X-Signature}',
    ]);
    assert.equal(replayKey(['{query:id}'], { ...BODY, signed: '{url}{body}' }), undefined);
  });
});

describe('the second name of an event of which less than the body is signed', () => {
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
    assert.equal(identityRules(own(null), provider, [form]).replayKey, undefined);
    assert.deepEqual(identityRules(own(['{header:X-Id}']), provider, [form]).replayKey, [
      '{header:X-Signature}',
    ]);
    assert.equal(identityRules(own([]), { ...provider, replayKey: '{x}' }, [form]).replayKey, '{x}');
  });

  it('is left to the key where the body is signed as its hash', () => {
    assert.equal(replayKey([], { ...BODY, signed: '{body_sha256_hex}' }), undefined);
    assert.equal(replayKey([], { ...BODY, signed: '{url}', bodyHashQuery: 'h' }), undefined);
    assert.equal(replayKey([], { alg: 'token', sig }), undefined);
  });
});

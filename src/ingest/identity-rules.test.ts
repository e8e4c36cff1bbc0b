import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { identityRules } from './identity-rules.ts';
import type { Provider } from './verify/provider.ts';
import type { Scheme, Template } from './verify/scheme.ts';

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
    assert.equal(
      replayKey(['{header:X-Id}'], { ...BODY, signed: ['{header:X-Id}', '{body}'] }),
      '{body_sha256_hex}',
    );
    assert.equal(replayKey(['{query:id}'], { ...BODY, signed: '{url}{body}' }), undefined);
  });
});

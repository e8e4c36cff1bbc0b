import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { openSource } from './open-source.ts';
import type { Verification } from './source-config.ts';

const store = { readSourceState: async () => [], keepSourceState: async () => 'kept' as const };

function windowOf(provider: string, more: Partial<Verification>): number | undefined {
  const verification: Verification = {
    provider,
    schemes: null,
    secrets: ['s'],
    publicKey: null,
    params: {},
    identity: { idempotencyKey: null, eventType: null },
    publicUrl: null,
    toleranceSeconds: null,
    replayWindowMs: 1000,
    replayOnRedelivery: true,
    handshakes: [],
    reply: null,
    ...more,
  };
  return openSource({ name: 'a', verification }, { store, publicUrl: null, clock: { nowMs: () => 0 } }).rules
    ?.replayWindowMs;
}

describe('the replay window of a source', () => {
  it("is the user's", () => assert.equal(windowOf('github', {}), 1000));

  it('is long enough for the tokens of the provider', () => {
    assert.equal(windowOf('mailgun', {}), 86_400_000);
    assert.equal(windowOf('mailgun', { replayWindowMs: 172_800_000 }), 172_800_000);
    assert.equal(windowOf('mailgun', { toleranceSeconds: 86_400 }), 172_800_000);
  });
});

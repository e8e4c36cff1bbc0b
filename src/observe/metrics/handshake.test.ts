import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Registry } from 'prom-client';
import { createSubscriber } from '../subscriber.ts';
import { handshakeMetrics } from './handshake.ts';
import { createNames } from './names.ts';

function setUp() {
  const registry = new Registry();
  const names = [
    { source: 'meta', handshake: 'verification', confirms: false },
    { source: 'sns', handshake: 'confirmation', confirms: true },
  ];
  const emit = createSubscriber(
    handshakeMetrics(
      registry,
      createNames(['meta', 'sns', 'plain']),
      createNames(names, ({ source, handshake }) => `${source} ${handshake}`),
    ),
  );
  const lines = async () =>
    (await registry.metrics()).split('\n').filter((line) => line.startsWith('webhook_'));
  return { emit, lines };
}

describe('handshakeMetrics', () => {
  it('has the series of what is configured from the start', async () => {
    const { lines } = setUp();
    const expected = [
      ...['answered', 'refused'].flatMap((outcome) => [
        `webhook_handshakes_total{source="meta",handshake="verification",outcome="${outcome}"} 0`,
        `webhook_handshakes_total{source="sns",handshake="confirmation",outcome="${outcome}"} 0`,
      ]),
      'webhook_confirmations_total{source="sns",outcome="confirmed"} 0',
      'webhook_confirmations_total{source="sns",outcome="failed"} 0',
      ...['meta', 'sns', 'plain'].flatMap((source) => [
        `webhook_rejected_requests_total{source="${source}",outcome="kept"} 0`,
        `webhook_rejected_requests_total{source="${source}",outcome="dropped"} 0`,
      ]),
    ];
    assert.deepEqual((await lines()).toSorted(), expected.toSorted());
  });

  it('counts each by what came of it', async () => {
    const { emit, lines } = setUp();
    const of = { source: 'meta', handshake: 'verification' };
    emit({ type: 'handshake.answered', ...of });
    emit({ type: 'handshake.refused', ...of, detail: '' });
    emit({ type: 'handshake.refused', ...of, detail: '' });
    emit({ type: 'subscription.failed', source: 'sns', error: '', retryAtMs: 1 });
    emit({ type: 'subscription.confirmed', source: 'sns', tries: 2 });
    emit({ type: 'rejected.kept', source: 'plain', requestId: 'r', reason: 'wrong_signature' });
    emit({ type: 'rejected.dropped', source: 'plain', reason: 'wrong_signature' });
    const counted = (await lines()).filter((line) => !line.endsWith(' 0'));
    assert.deepEqual(counted.toSorted(), [
      'webhook_confirmations_total{source="sns",outcome="confirmed"} 1',
      'webhook_confirmations_total{source="sns",outcome="failed"} 1',
      'webhook_handshakes_total{source="meta",handshake="verification",outcome="answered"} 1',
      'webhook_handshakes_total{source="meta",handshake="verification",outcome="refused"} 2',
      'webhook_rejected_requests_total{source="plain",outcome="dropped"} 1',
      'webhook_rejected_requests_total{source="plain",outcome="kept"} 1',
    ]);
  });
});

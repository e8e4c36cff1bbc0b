import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Registry } from 'prom-client';
import type { RejectionReason } from '../../events.ts';
import { createSubscriber } from '../subscriber.ts';
import { ingestMetrics } from './ingest.ts';
import { createNames } from './names.ts';

function setUp() {
  const registry = new Registry();
  const emit = createSubscriber(
    ingestMetrics(
      registry,
      createNames(['orders', 'github']),
      createNames(['github']),
      createNames(['ledger']),
    ),
  );
  return { emit, lines: async () => (await registry.metrics()).split('\n') };
}

const ACCEPTED = {
  type: 'event.accepted',
  eventId: 'e',
  source: 'orders',
  eventType: 't',
  deliveries: 1,
  bodyBytes: 2,
  durationMs: 3,
} as const;
const DUPLICATE = {
  type: 'event.duplicate',
  eventId: 'e',
  source: 'orders',
  durationMs: 30,
  by: 'key',
  idempotencyKey: 'k',
  key: 'k',
} as const;

describe('ingestMetrics', () => {
  it('counts accepted events and duplicates, and how long they took', async () => {
    const { emit, lines } = setUp();
    emit(ACCEPTED);
    emit(ACCEPTED);
    emit({ ...DUPLICATE, conflict: false });
    emit({ ...DUPLICATE, by: 'body', conflict: false });
    emit({ ...DUPLICATE, by: 'mark', conflict: false });
    const text = await lines();
    assert.ok(text.includes('webhook_events_total{result="accepted",source="orders",reason=""} 2'));
    for (const by of ['key', 'body', 'mark']) {
      const line = `webhook_events_total{result="duplicate",source="orders",reason="",by="${by}"} 1`;
      assert.ok(text.includes(line), by);
    }
    assert.ok(text.includes('webhook_accept_duration_seconds_bucket{le="0.005"} 2'));
    assert.ok(text.includes('webhook_accept_duration_seconds_count 5'));
    assert.ok(text.includes('webhook_conflicts_total{source="orders"} 0'));
  });

  it('counts a duplicate with another body as a conflict too', async () => {
    const { emit, lines } = setUp();
    emit({ ...DUPLICATE, conflict: true });
    const text = await lines();
    assert.ok(text.includes('webhook_events_total{result="duplicate",source="orders",reason="",by="key"} 1'));
    assert.ok(text.includes('webhook_conflicts_total{source="orders"} 1'));
  });

  it('counts rejections by reason, those without a source under the empty one', async () => {
    const { emit, lines } = setUp();
    emit({ type: 'event.rejected', source: 'orders', reason: 'invalid', detail: '' });
    emit({ type: 'event.rejected', source: null, reason: 'unknown_source', detail: '' });
    const text = await lines();
    assert.ok(text.includes('webhook_events_total{result="rejected",source="orders",reason="invalid"} 1'));
    assert.ok(text.includes('webhook_events_total{result="rejected",source="",reason="unknown_source"} 1'));
  });

  it('has from the start what can happen to a source, and nothing else', async () => {
    const { lines } = setUp();
    const text = (await lines()).join('\n');
    const has = (source: string, reason: string) => text.includes(`source="${source}",reason="${reason}"} 0`);
    assert.ok(has('orders', 'invalid') && !has('orders', 'wrong_signature'));
    assert.ok(has('github', 'wrong_signature') && !has('github', 'invalid'));
    assert.ok(has('', 'unknown_source') && !has('', 'invalid'));
  });

  it('adds no series for names that a client made up', async () => {
    const { emit, lines } = setUp();
    emit({ ...ACCEPTED, source: '' });
    emit({ type: 'event.rejected', source: '', reason: 'invalid', detail: '' });
    const before = (await lines()).length;
    for (let i = 0; i < 1000; i++) {
      const source = ['__proto__', 'constructor', `x${i}`, '"} 1\nevil 1'][i % 4]!;
      emit({ ...ACCEPTED, source });
      emit({ type: 'event.rejected', source, reason: 'invalid', detail: source });
      emit({ type: 'event.rejected', source, reason: source as RejectionReason, detail: '' });
    }
    const text = await lines();
    assert.equal(text.length, before);
    assert.ok(text.includes('webhook_events_total{result="rejected",source="",reason="invalid"} 1001'));
    assert.ok(!text.some((line) => line.includes('evil') || line.includes('__proto__')));
  });

  it('takes a duration of a clock that stepped back for 0', async () => {
    const { emit, lines } = setUp();
    for (const durationMs of [-5, Number.NaN]) emit({ ...ACCEPTED, durationMs });
    const text = await lines();
    assert.ok(text.includes('webhook_accept_duration_seconds_sum 0'));
    assert.ok(text.includes('webhook_accept_duration_seconds_count 2'));
  });
});

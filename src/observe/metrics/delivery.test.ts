import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Registry } from 'prom-client';
import { createSubscriber } from '../subscriber.ts';
import { deliveryMetrics } from './delivery.ts';
import { createNames } from './names.ts';

function setUp() {
  const registry = new Registry();
  const emit = createSubscriber(deliveryMetrics(registry, createNames(['billing', 'audit'])));
  return { emit, lines: async () => (await registry.metrics()).split('\n') };
}

const IDS = { eventId: 'e', deliveryId: 'd', source: 'orders', destination: 'billing' } as const;
const ATTEMPT = {
  ...IDS,
  type: 'attempt.finished',
  eventType: 't',
  attempt: 1,
  outcome: 'succeeded',
  settlement: 'completed',
  error: null,
  httpStatus: 200,
  durationMs: 40,
  waitedMs: 7,
  dueAtMs: null,
} as const;

describe('deliveryMetrics', () => {
  it('counts an attempt that succeeded, how long it took and how long it had waited', async () => {
    const { emit, lines } = setUp();
    emit(ATTEMPT);
    const text = await lines();
    assert.ok(text.includes('webhook_attempts_total{destination="billing",outcome="succeeded"} 1'));
    assert.ok(text.includes('webhook_attempts_total{destination="audit",outcome="succeeded"} 0'));
    assert.ok(text.includes('webhook_processing_errors_total{destination="billing"} 0'));
    assert.ok(text.includes('webhook_processing_duration_seconds_sum{destination="billing"} 0.04'));
    assert.ok(text.includes('webhook_delivery_wait_seconds_sum{destination="billing"} 0.007'));
  });

  it('counts tries that did not succeed as errors, and the last one as a dead letter', async () => {
    const { emit, lines } = setUp();
    emit({ ...ATTEMPT, outcome: 'timed_out', settlement: 'retry' });
    emit({ ...ATTEMPT, attempt: 2, outcome: 'rejected', settlement: 'failed' });
    const text = await lines();
    assert.ok(text.includes('webhook_attempts_total{destination="billing",outcome="timed_out"} 1'));
    assert.ok(text.includes('webhook_processing_errors_total{destination="billing"} 2'));
    assert.ok(text.includes('webhook_dead_letters_total{destination="billing"} 1'));
    assert.ok(
      text.includes('webhook_delivery_wait_seconds_count{destination="billing"} 1'),
      'the first only',
    );
  });

  it('counts a reclaimed lease as the interrupted attempt that it is charged as', async () => {
    const { emit, lines } = setUp();
    emit({
      type: 'lease.reclaimed',
      eventId: 'e',
      source: 'default',
      deliveryId: 'd',
      destination: 'billing',
      attempt: 5,
      settlement: 'failed',
    });
    const text = await lines();
    assert.ok(text.includes('webhook_leases_reclaimed_total 1'));
    assert.ok(text.includes('webhook_attempts_total{destination="billing",outcome="interrupted"} 1'));
    assert.ok(text.includes('webhook_dead_letters_total{destination="billing"} 1'));
  });

  it('counts lost leases, releases and overruns', async () => {
    const { emit, lines } = setUp();
    emit({ ...IDS, type: 'lease.lost' });
    emit({ ...IDS, type: 'delivery.released' });
    emit({
      type: 'handler.overran',
      eventId: 'e',
      deliveryId: 'd',
      source: 'default',
      destination: 'billing',
      overranMs: 5,
    });
    const text = await lines();
    for (const name of ['leases_lost', 'deliveries_released', 'handlers_overrun']) {
      assert.ok(text.includes(`webhook_${name}_total 1`), name);
    }
  });

  it('has one series for all destinations that are not configured', async () => {
    const { emit, lines } = setUp();
    emit({ ...ATTEMPT, destination: 'gone-0' });
    const before = (await lines()).length;
    for (let i = 0; i < 100; i++) emit({ ...ATTEMPT, destination: `gone-${i}` });
    assert.equal((await lines()).length, before);
  });
});

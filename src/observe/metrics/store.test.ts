import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Registry } from 'prom-client';
import { createSubscriber } from '../subscriber.ts';
import { storeMetrics } from './store.ts';

function setUp() {
  const registry = new Registry();
  const emit = createSubscriber(storeMetrics(registry));
  return { emit, lines: async () => (await registry.metrics()).split('\n') };
}

describe('storeMetrics', () => {
  it('counts commits by size and duration', async () => {
    const { emit, lines } = setUp();
    emit({ type: 'store.committed', operations: 48, durationMs: 2 });
    const text = await lines();
    assert.ok(text.includes('webhook_commit_batch_size_bucket{le="32"} 0'));
    assert.ok(text.includes('webhook_commit_batch_size_bucket{le="64"} 1'));
    assert.ok(text.includes('webhook_commit_duration_seconds_sum 0.002'));
  });

  it('counts failures by operation, those that the list does not have as other', async () => {
    const { emit, lines } = setUp();
    const error = new Error('disk I/O error');
    emit({ type: 'store.failed', operation: 'insert', error });
    emit({ type: 'store.failed', operation: 'made up 1', error });
    emit({ type: 'store.failed', operation: 'made up 2', error });
    const text = await lines();
    assert.ok(text.includes('webhook_store_errors_total{operation="insert"} 1'));
    assert.ok(text.includes('webhook_store_errors_total{operation="other"} 2'));
    assert.ok(!text.some((line) => line.includes('made up')));
  });

  it('shows whether this process leads', async () => {
    const { emit, lines } = setUp();
    assert.ok((await lines()).includes('webhook_leader 0'));
    emit({ type: 'store.leadership', leads: true });
    assert.ok((await lines()).includes('webhook_leader 1'));
    emit({ type: 'store.leadership', leads: false });
    assert.ok((await lines()).includes('webhook_leader 0'));
  });

  it('counts deletions batch by batch, and not again at the end', async () => {
    const { emit, lines } = setUp();
    emit({ type: 'cleanup.batch', deleted: 1000 });
    emit({ type: 'cleanup.batch', deleted: 5 });
    emit({ type: 'cleanup.finished', deleted: 1005, durationMs: 12 });
    assert.ok((await lines()).includes('webhook_cleanup_deleted_total 1005'));
  });
});

import assert from 'node:assert/strict';
import { it } from 'node:test';
import { Registry } from 'prom-client';
import { createSubscriber } from '../subscriber.ts';
import { createSearchObserver, searchMetrics } from './searches.ts';

it('shows the searches that run, their slices and rows, and those that were refused', async () => {
  const registry = new Registry();
  const observer = createSearchObserver(createSubscriber(searchMetrics(registry)));
  assert.match(await registry.metrics(), /^webhook_searches_refused_total 0$/m, 'from the start');
  observer.onRunning?.(2);
  observer.onSlice?.(40, 2_000);
  observer.onSlice?.(60, 500);
  observer.onRefused?.();
  const text = await registry.metrics();
  for (const line of [
    'webhook_searches_running 2',
    'webhook_search_slice_seconds_bucket{le="0.05"} 1',
    'webhook_search_slice_seconds_count 2',
    'webhook_search_slice_seconds_sum 0.1',
    'webhook_search_rows_total 2500',
    'webhook_searches_refused_total 1',
  ]) {
    assert.ok(text.split('\n').includes(line), line);
  }
});

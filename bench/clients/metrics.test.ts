import assert from 'node:assert/strict';
import { test } from 'node:test';
import { acceptedOf, parseMetrics, pendingOf } from './metrics.ts';

const TEXT = `# HELP webhook_events_total Events by result
# TYPE webhook_events_total counter
webhook_events_total{result="accepted",source="default",reason=""} 40
webhook_events_total{source="orders",result="accepted",reason=""} 2
webhook_events_total{result="rejected",source="default",reason="queue_full"} 7
webhook_queue_depth 1.5e3
`;

test('series of one name are summed over the labels that were not asked for', () => {
  const metrics = parseMetrics(TEXT);
  assert.equal(acceptedOf(metrics), 42);
  assert.equal(metrics.sum('webhook_events_total', { result: 'rejected', reason: 'queue_full' }), 7);
  assert.equal(pendingOf(metrics), 1_500);
});

test('a series that is not there is 0 and said not to be there', () => {
  const metrics = parseMetrics(TEXT);
  assert.equal(metrics.sum('webhook_nothing'), 0);
  assert.equal(metrics.has('webhook_nothing'), false);
  assert.equal(metrics.has('webhook_queue_depth'), true);
});

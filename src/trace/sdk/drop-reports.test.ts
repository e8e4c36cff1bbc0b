import assert from 'node:assert/strict';
import { it } from 'node:test';
import { createFakeClock } from '../../../testkit/fake-clock.ts';
import type { SpanReport } from '../span-drops.ts';
import { dropReports, REPORT_MS } from './drop-reports.ts';

it('gathers the spans of a second that found the queue full', async () => {
  const clock = createFakeClock();
  const reports: SpanReport[] = [];
  const { dropped } = dropReports(clock, (report) => reports.push(report));
  for (let at = 0; at < 100; at++) dropped(1, 'queue_full', null);
  assert.deepEqual(reports, []);
  await clock.advance(REPORT_MS);
  assert.deepEqual(reports, [{ type: 'spans.dropped', count: 100, reason: 'queue_full', error: null }]);
  dropped(1, 'queue_full', null);
  await clock.advance(REPORT_MS);
  assert.equal(reports.length, 2);
});

it('reports a failed export at once, with its error', () => {
  const error = new Error('refused');
  const reports: SpanReport[] = [];
  dropReports(createFakeClock(), (report) => reports.push(report)).dropped(512, 'export_failed', error);
  assert.deepEqual(reports, [{ type: 'spans.dropped', count: 512, reason: 'export_failed', error }]);
});

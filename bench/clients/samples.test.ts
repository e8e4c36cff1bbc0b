import assert from 'node:assert/strict';
import { test } from 'node:test';
import { summarize } from './samples.ts';

test('only what was due in the window counts, and only 2xx as throughput and latency', () => {
  const samples = [
    { dueAtMs: 0, latencyMs: 900, status: 202 },
    { dueAtMs: 1_000, latencyMs: 1, status: 202 },
    { dueAtMs: 1_500, latencyMs: 3, status: 200 },
    { dueAtMs: 1_600, latencyMs: 700, status: 429 },
    { dueAtMs: 1_700, latencyMs: 800, status: 0 },
    { dueAtMs: 2_000, latencyMs: 900, status: 202 },
  ];
  const summary = summarize(samples, 1_000, 2_000);
  assert.equal(summary.count, 4);
  assert.equal(summary.ok, 2);
  assert.equal(summary.okPerSecond, 2);
  assert.equal(summary.notOk, 2);
  assert.equal(summary.p50Ms, 1);
  assert.equal(summary.maxMs, 3);
});

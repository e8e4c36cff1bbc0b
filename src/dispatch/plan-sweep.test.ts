import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { GRACE_MS, planSweep, QUEUED_ENOUGH, type SweepMemory, type SweepReading } from './plan-sweep.ts';

const NOW = 1_000_000;
const MEMORY: SweepMemory = { after: null, republishedAtMs: NOW - 60_000 };

function plan(reading: Partial<SweepReading>, memory: SweepMemory = MEMORY) {
  return planSweep({ due: 0, queued: 0, oldestDueAtMs: null, takenUntilMs: null, ...reading }, memory, NOW);
}

describe('what is missing', () => {
  test('nothing when the queue holds as many as are due, or more', () => {
    assert.deepEqual(plan({}), { kind: 'rest' });
    assert.deepEqual(plan({ due: 7, queued: 7 }), { kind: 'rest' });
    assert.deepEqual(plan({ due: 7, queued: 9 }), { kind: 'rest' });
  });

  test('the difference, the longest due first, without those that may be under way', () => {
    assert.deepEqual(plan({ due: 7, queued: 5 }), {
      kind: 'missing',
      limit: 2,
      untilMs: NOW - GRACE_MS,
      after: null,
    });
  });

  test('where the last sweep ended, so that a long backlog is gone through once', () => {
    const memory = { ...MEMORY, after: '5:7' };
    const { kind, after } = plan({ due: QUEUED_ENOUGH, queued: 9_000 }, memory) as {
      kind: string;
      after: string;
    };
    assert.deepEqual([kind, after], ['missing', '5:7']);
  });

  test('never more in the queue than keeps everybody busy, however much is due', () => {
    assert.deepEqual(plan({ due: QUEUED_ENOUGH, queued: 0 }).kind, 'missing');
    assert.equal((plan({ due: 5_000_000, queued: 0 }) as { limit: number }).limit, QUEUED_ENOUGH);
    assert.deepEqual(plan({ due: 5_000_000, queued: QUEUED_ENOUGH }), { kind: 'rest' });
  });
});

describe('what was overtaken', () => {
  const backlog = { due: 500, queued: 500 };

  test('a delivery that waits longer than what is taken now', () => {
    const takenUntilMs = NOW - 1_000;
    const untilMs = takenUntilMs - GRACE_MS;
    assert.deepEqual(plan({ ...backlog, takenUntilMs, oldestDueAtMs: untilMs }), {
      kind: 'overtaken',
      limit: QUEUED_ENOUGH,
      untilMs,
      after: null,
    });
    assert.deepEqual(plan({ ...backlog, takenUntilMs, oldestDueAtMs: untilMs + 1 }), { kind: 'rest' });
  });

  test('not while what the sweep republished may still be in the queue', () => {
    const reading = { ...backlog, takenUntilMs: NOW - 1_000, oldestDueAtMs: 0 };
    const memory = { after: null, republishedAtMs: NOW - 1_000 - GRACE_MS };
    assert.deepEqual(plan(reading, memory), { kind: 'rest' });
    memory.republishedAtMs -= 1;
    assert.equal(plan(reading, memory).kind, 'overtaken');
  });

  test('nothing is known before anything was taken', () => {
    assert.deepEqual(plan({ ...backlog, takenUntilMs: null, oldestDueAtMs: 0 }), { kind: 'rest' });
    assert.deepEqual(plan({ ...backlog, takenUntilMs: NOW, oldestDueAtMs: null }), { kind: 'rest' });
  });
});

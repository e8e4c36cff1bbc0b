import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createFakeClock, FAKE_EPOCH_MS as T0 } from '../../testkit/fake-clock.ts';
import { SYSTEM } from '../domain/audit.ts';
import type { IngestInEffect } from '../ingest/prepare-ingest.ts';
import type { Order, Reconcile } from './reconcile.ts';
import { createReconcileSchedule } from './schedule.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

type Rule = Readonly<{ everyMs: number | null; sinceMs: number; hook: string | null }>;

function setUp(rules: Record<string, Rule | undefined>) {
  const clock = createFakeClock();
  const runs: (Order & Readonly<{ atMs: number }>)[] = [];
  const reconcile: Reconcile = (order) => {
    runs.push({ ...order, atMs: clock.nowMs() });
    return {
      kind: 'begun',
      // biome-ignore lint/correctness/useYield: a run that fails at once has no step.
      steps: (async function* () {
        throw new Error('the provider is away');
      })(),
    };
  };
  const role = { leads: true };
  const store = { tryLead: async () => (role.leads ? ('leader' as const) : ('follower' as const)) };
  const sources = () =>
    new Map(
      Object.entries(rules).map(([name, rule]) => [name, { name, provider: 'stripe', reconcile: rule }]),
    );
  const inEffect = () => ({ sources: sources() }) as unknown as IngestInEffect;
  const schedule = createReconcileSchedule({ store, clock, inEffect, reconcile });
  return { clock, runs, role, rules, schedule };
}

const EVERY_HOUR: Rule = { everyMs: HOUR, sinceMs: 72 * HOUR, hook: null };

describe('the schedule of comparisons', () => {
  it('runs an interval after the start and then in intervals, whether a run failed or not', async () => {
    const { clock, runs, schedule } = setUp({ stripe: EVERY_HOUR, quiet: undefined });
    await schedule.start();
    await clock.advance(HOUR - MINUTE);
    assert.equal(runs.length, 0);
    await clock.advance(3 * HOUR);
    assert.equal(runs.length, 3);
    const [{ source, apply, actor, sinceMs, untilMs, atMs }] = runs as [(typeof runs)[0]];
    assert.deepEqual([source, apply, actor], ['stripe', true, SYSTEM]);
    assert.ok(Math.abs(atMs - T0 - HOUR) < MINUTE);
    assert.deepEqual([atMs - sinceMs, atMs - untilMs], [72 * HOUR, 2 * MINUTE]);
  });

  it('is kept by the leader alone', async () => {
    const { clock, runs, role, schedule } = setUp({ stripe: EVERY_HOUR });
    role.leads = false;
    await schedule.start();
    await clock.advance(5 * HOUR);
    assert.equal(runs.length, 0);
    role.leads = true;
    await clock.advance(HOUR);
    assert.equal(runs.length, 1);
  });

  it('takes a shorter interval at once, and none away', async () => {
    const { clock, runs, rules, schedule } = setUp({ stripe: { ...EVERY_HOUR, everyMs: 24 * HOUR } });
    await schedule.start();
    await clock.advance(HOUR);
    rules.stripe = { ...EVERY_HOUR, everyMs: 10 * MINUTE };
    await clock.advance(15 * MINUTE);
    assert.equal(runs.length, 1);
    rules.stripe = undefined;
    await clock.advance(5 * HOUR);
    assert.equal(runs.length, 1);
  });
});

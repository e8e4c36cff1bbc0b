import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { anAudit, anEvent } from '../../testkit/builders.ts';
import { FAKE_EPOCH_MS } from '../../testkit/fake-clock.ts';
import type { Clock } from '../runtime/clock.ts';
import { openMemoryStore } from '../store/memory/open.ts';
import { createCleanupGuard, isTooFarAhead } from './cleanup-guard.ts';
import { createPurger } from './purger.ts';
import { createRecorder, turns } from './testing.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** A receiver's clean-up of events, run by hand, on a wall clock and a monotonic clock that the test sets. */
function setUp(retentionMs = 30 * DAY_MS) {
  const store = openMemoryStore({ maxPendingDeliveries: 10 });
  const recorder = createRecorder();
  const time = { wallMs: FAKE_EPOCH_MS, monotonicMs: 0 };
  const clock: Clock = { nowMs: () => time.wallMs, after: () => () => {} };
  const start = () => {
    const parts = { store, clock, emit: recorder.emit, retentionMs };
    return createCleanupGuard({ ...parts, monotonicMs: () => time.monotonicMs, kind: 'events' });
  };
  return {
    store,
    recorder,
    clock,
    time,
    start,
    /** Time passes while the process runs. */
    pass: (ms: number) => {
      time.wallMs += ms;
      time.monotonicMs += ms;
    },
    /** The wall clock alone moves: it is set, or the machine sleeps. */
    jump: (ms: number) => {
      time.wallMs += ms;
    },
  };
}

describe('the clean-up guard', () => {
  it('trusts no clock that is ahead by more than five days and more than half the retention', () => {
    assert.equal(isTooFarAhead(5 * DAY_MS, 7 * DAY_MS), false);
    assert.equal(isTooFarAhead(5 * DAY_MS + 1, 7 * DAY_MS), true);
    assert.equal(isTooFarAhead(15 * DAY_MS, 30 * DAY_MS), false);
    assert.equal(isTooFarAhead(15 * DAY_MS + 1, 30 * DAY_MS), true);
  });

  it('runs without a stored time, as after an upgrade, and stores the time of each run', async () => {
    const { store, start, pass, time } = setUp();
    const mayRun = start();
    assert.equal(await mayRun(), true);
    assert.equal((await store.readCleanup('events')).ranAtMs, FAKE_EPOCH_MS);
    pass(HOUR_MS);
    assert.equal(await mayRun(), true);
    assert.equal((await store.readCleanup('events')).ranAtMs, time.wallMs);
  });

  it('runs after a long weekend, whether the machine slept or the receiver was stopped', async () => {
    const { start, jump, recorder } = setUp(DAY_MS);
    const mayRun = start();
    assert.equal(await mayRun(), true);
    jump(4 * DAY_MS);
    assert.equal(await mayRun(), true);
    jump(4 * DAY_MS);
    assert.equal(await start()(), true);
    assert.deepEqual(recorder.events, []);
  });

  it('holds clean-ups when the clock is far ahead of the last run, over a restart, and says so', async () => {
    const { store, start, jump, recorder } = setUp();
    assert.equal(await start()(), true);
    jump(16 * DAY_MS);
    const mayRun = start();
    for (let run = 0; run < 2; run++) assert.equal(await mayRun(), false);
    assert.equal((await store.readCleanup('events')).ranAtMs, FAKE_EPOCH_MS);
    const held = { type: 'cleanup.held', kind: 'events', held: true, aheadMs: 16 * DAY_MS };
    assert.deepEqual(recorder.events, [held, held]);
  });

  it('holds them when the clock is far ahead of monotonic time, without a stored time too', async () => {
    const { start, jump } = setUp();
    const mayRun = start();
    jump(16 * DAY_MS);
    assert.equal(await mayRun(), false);
  });

  it('goes on when the clock is right again', async () => {
    const { start, jump, recorder } = setUp();
    const mayRun = start();
    assert.equal(await mayRun(), true);
    jump(365 * DAY_MS);
    assert.equal(await mayRun(), false);
    jump(-365 * DAY_MS);
    assert.equal(await mayRun(), true);
    assert.deepEqual(recorder.of('cleanup.held').at(-1), {
      ...{ type: 'cleanup.held', kind: 'events', held: false, aheadMs: 0 },
    });
  });

  it('goes on when an operator confirms the clock, in this process or another', async () => {
    const { store, start, jump, pass, time } = setUp();
    const mayRun = start();
    assert.equal(await mayRun(), true);
    jump(20 * DAY_MS);
    assert.equal(await mayRun(), false);
    await store.confirmCleanups(time.wallMs, anAudit());
    pass(HOUR_MS);
    assert.equal(await mayRun(), true);
    jump(20 * DAY_MS);
    assert.equal(await mayRun(), false);
  });

  it('keeps the purger from deleting', async () => {
    const { store, start, jump, recorder, clock } = setUp();
    await store.insertEvent(anEvent({ receivedAtMs: FAKE_EPOCH_MS }), []);
    assert.equal(await start()(), true);
    jump(60 * DAY_MS);
    const parts = { store, clock, emit: recorder.emit, retentionMs: 30 * DAY_MS, intervalMs: HOUR_MS };
    const run = async () => {
      const purger = createPurger({ ...parts, mayRun: start() });
      purger.start();
      await turns();
      await purger.stop();
      return (await store.stats()).events;
    };
    assert.equal(await run(), 1);
    await store.confirmCleanups(clock.nowMs(), anAudit());
    assert.equal(await run(), 0);
  });
});

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { anEvent } from '../../testkit/builders.ts';
import { createFakeClock } from '../../testkit/fake-clock.ts';
import { openMemoryStore } from '../store/memory/open.ts';
import { createClockWatch, RESCHEDULE_PAUSE_MS } from './clock-watch.ts';
import { createDispatcher } from './dispatcher.ts';
import { createHeartbeat } from './heartbeat.ts';
import { aDestination, createManualHandler, createRecorder, LEASE_MS, pass } from './testing.ts';

const HOUR_MS = 3_600_000;

/** A dispatcher whose wall clock the test can step. */
function open() {
  const monotonic = createFakeClock();
  let aheadMs = HOUR_MS;
  const clock = { nowMs: () => monotonic.nowMs() + aheadMs, after: monotonic.after };
  const store = openMemoryStore({ maxPendingDeliveries: 1_000 });
  const recorder = createRecorder();
  const handler = createManualHandler();
  const destinations = [aDestination({ name: 'billing' })];
  let tokens = 0;
  const core = { store, clock, emit: recorder.emit, leaseMs: LEASE_MS };
  const dispatcher = createDispatcher({
    ...core,
    destinations,
    handlers: new Map([['billing', handler]]),
    random: { next: () => 0, fill: () => {} },
    newId: () => `token-${++tokens}`,
    workerCount: 10,
  });
  const watch = createClockWatch({
    ...core,
    destinations: () => destinations,
    dispatcher,
    monotonicMs: monotonic.nowMs,
  });
  const heartbeat = createHeartbeat({ ...core, dispatcher });
  return {
    store,
    recorder,
    handler,
    dispatcher,
    watch,
    heartbeat,
    nowMs: clock.nowMs,
    step: (ms: number) => {
      aheadMs += ms;
    },
    pass: (ms: number) => pass(monotonic, ms),
    async accept(orderKey?: string) {
      const event = anEvent({ receivedAtMs: clock.nowMs() });
      await store.insertEvent(event, [
        orderKey === undefined ? 'billing' : { destination: 'billing', orderKey },
      ]);
      return event.id;
    },
  };
}

describe('a clock that steps back by an hour', () => {
  it('delays a retry by no more than the wait that it was given', async () => {
    const { handler, dispatcher, watch, recorder, accept, pass, step } = open();
    await accept();
    dispatcher.start();
    watch.start();
    await pass(10);
    handler.calls[0]!.fail(new Error('away'));
    await pass(1);
    step(-HOUR_MS);
    // The first retry waits for 2 s; the step is seen within one.
    await pass(3_500);
    assert.equal(handler.calls.length, 2);
    assert.deepEqual(recorder.of('clock.stepped'), [{ type: 'clock.stepped', stepMs: -HOUR_MS }]);
    assert.deepEqual(recorder.of('delivery.rescheduled'), [
      { type: 'delivery.rescheduled', destination: 'billing', count: 1 },
    ]);
  });

  it('does not delay first attempts, nor one that gets the turn of its order key later', async () => {
    const { handler, dispatcher, watch, accept, pass, step } = open();
    await accept('key');
    await accept('key');
    step(-HOUR_MS);
    dispatcher.start();
    watch.start();
    await pass(1_100);
    assert.equal(handler.calls.length, 1);
    handler.calls[0]!.succeed();
    await pass(RESCHEDULE_PAUSE_MS + 1_100);
    assert.equal(handler.calls.length, 2);
  });

  it('is no reason to wait at a start, when nothing tells of the step', async () => {
    const opened = open();
    await opened.accept();
    opened.step(-HOUR_MS);
    const { store, dispatcher, handler, recorder } = opened;
    const watch = createClockWatch({
      store,
      dispatcher,
      destinations: () => [{ name: 'billing' }],
      clock: { nowMs: opened.nowMs, after: () => () => {} },
      monotonicMs: () => 0,
      emit: recorder.emit,
    });
    dispatcher.start();
    watch.start();
    await opened.pass(1);
    assert.equal(handler.calls.length, 1);
    assert.deepEqual(recorder.of('clock.stepped'), []);
  });

  it('leaves no lease that outlasts its length', async () => {
    const { dispatcher, heartbeat, accept, pass, step, nowMs } = open();
    await accept();
    dispatcher.start();
    heartbeat.start();
    await pass(10);
    step(-HOUR_MS);
    await pass(LEASE_MS / 3);
    const [active] = dispatcher.active();
    assert.ok(active!.untilMs <= nowMs() + LEASE_MS, `${active!.untilMs - nowMs()} ms are left`);
  });
});

describe('the clock watch', () => {
  it('reports a step ahead, and no drift that a synchronised clock corrects', async () => {
    const { watch, recorder, pass, step } = open();
    watch.start();
    for (let i = 0; i < 10; i++) {
      await pass(1_000);
      step(i % 2 === 0 ? 400 : -400);
    }
    assert.deepEqual(recorder.of('clock.stepped'), []);
    step(HOUR_MS);
    await pass(1_000);
    assert.deepEqual(recorder.of('clock.stepped').length, 1);
    assert.deepEqual(recorder.of('delivery.rescheduled'), []);
  });
});

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createFakeClock } from '../../testkit/fake-clock.ts';
import { StoreError } from '../domain/errors.ts';
import type { Lease } from '../domain/lease.ts';

import { Cancellation } from './cancellation.ts';
import { createHeartbeat } from './heartbeat.ts';
import { LEASE_LOST } from './stop-reasons.ts';
import { aDestination, aLeased, createManualHandler, createRecorder, openDispatch, pass } from './testing.ts';
import type { Active } from './workers.ts';

const LEASE_MS = 30_000;

function setUp(extend: (lease: Lease, untilMs: number) => Promise<'extended' | 'lost'>) {
  const clock = createFakeClock();
  const recorder = createRecorder();
  const active: Active[] = [];
  const extended: { atMs: number; forMs: number }[] = [];
  const startedAtMs = clock.nowMs();
  const store = {
    extend: (lease: Lease, untilMs: number) => {
      extended.push({ atMs: clock.nowMs() - startedAtMs, forMs: untilMs - clock.nowMs() });
      return extend(lease, untilMs);
    },
  };
  const dispatcher = { active: () => active };
  const heartbeat = createHeartbeat({ store, dispatcher, clock, emit: recorder.emit, leaseMs: LEASE_MS });
  heartbeat.start();
  /** Something that was claimed just now. */
  const begin = (): Active => {
    const untilMs = clock.nowMs() + LEASE_MS;
    const entry = { leased: aLeased(), cancel: new Cancellation(), untilMs, isSettling: false };
    active.push(entry);
    return entry;
  };
  return { clock, recorder, active, extended, heartbeat, begin, pass: (ms: number) => pass(clock, ms) };
}

describe('the heartbeat', () => {
  it('extends a lease by its whole length, each time that a third of it is over', async () => {
    const { begin, extended, pass } = setUp(async () => 'extended');
    begin();
    await pass(35_000);
    assert.deepEqual(
      extended.map(({ atMs }) => atMs),
      [10_000, 20_000, 30_000],
    );
    assert.ok(extended.every(({ forMs }) => forMs === LEASE_MS));
  });

  it('costs nothing for what ends within a third of its lease', async () => {
    const { active, begin, extended, pass } = setUp(async () => 'extended');
    for (let i = 0; i < 20; i++) {
      begin();
      await pass(9_999);
      active.length = 0;
    }
    assert.deepEqual(extended, []);
  });

  it('may fail twice before a lease runs out, whenever it began', async () => {
    for (let offsetMs = 0; offsetMs < 5_000; offsetMs += 500) {
      let failures = 2;
      const { begin, extended, pass, recorder } = setUp(async () => {
        if (failures-- > 0) throw new StoreError('STORE_BUSY', 'busy');
        return 'extended';
      });
      await pass(offsetMs);
      const entry = begin();
      const { untilMs } = entry;
      await pass(LEASE_MS - 1);
      assert.deepEqual(
        recorder.events.map((event) => event.type === 'store.failed' && event.operation),
        ['extend', 'extend'],
      );
      assert.ok(extended.length > 2);
      assert.ok(entry.untilMs > untilMs, `begun after ${offsetMs} ms`);
    }
  });

  it('stops the handler of a lease that is lost', async () => {
    const { begin, pass, recorder } = setUp(async () => 'lost');
    const entry = begin();
    await pass(10_000);
    assert.equal(entry.cancel.isCancelled, true);
    assert.equal(entry.cancel.reason, LEASE_LOST);
    assert.deepEqual(recorder.events, []);
  });

  it('ends when it is stopped', async () => {
    const { begin, clock, extended, heartbeat, pass } = setUp(async () => 'extended');
    begin();
    await heartbeat.stop();
    await pass(LEASE_MS);
    assert.deepEqual(extended, []);
    assert.equal(clock.pending(), 0);
  });
});

describe('the heartbeat of a dispatcher', () => {
  function open() {
    const handler = createManualHandler();
    const parts = openDispatch([aDestination({ timeoutMs: 3_600_000 })], { billing: handler });
    const { clock, dispatcher, recorder, store } = parts;
    const heartbeat = createHeartbeat({ store, dispatcher, clock, emit: recorder.emit, leaseMs: LEASE_MS });
    dispatcher.start();
    heartbeat.start();
    return { ...parts, handler };
  }

  it('keeps what is at work from expiring, for as long as it takes', async () => {
    const { accept, clock, count, handler, pass, store } = open();
    await accept(1, 'billing');
    for (let minutes = 0; minutes < 30; minutes++) {
      await pass(60_000);
      assert.deepEqual(await store.expired(clock.nowMs(), 1), []);
    }
    handler.calls[0]!.succeed();
    await pass(0);
    assert.equal(await count('completed'), 1);
  });

  it('lets go of what another claim has taken: the worker is free, the result is dropped', async () => {
    const { accept, clock, count, delivery, dispatcher, handler, pass, recorder, store } = open();
    const [eventId] = await accept(1, 'billing');
    // As another process does that takes this one for dead.
    const [stolen] = await store.expired(Number.MAX_SAFE_INTEGER, 1);
    await store.settle(stolen!.lease, { kind: 'failed', error: 'taken' }, null, clock.nowMs());
    await pass(10_000);
    assert.equal([...dispatcher.active()].length, 0);
    assert.equal(handler.calls[0]!.context.signal.reason, LEASE_LOST);
    assert.deepEqual(recorder.types(), ['lease.lost']);
    handler.calls[0]!.succeed();
    await pass(60_000);
    assert.equal(await count('completed'), 0);
    assert.equal((await delivery(eventId!)).lastError, 'taken');
    assert.deepEqual(recorder.types(), ['lease.lost'], 'it is told once');
  });

  it('does not take for lost what is being settled', async () => {
    const { accept, clock, handler, pass, recorder, store } = open();
    await accept(1, 'billing');
    const { settle } = store;
    // Committed at once, answered after the next beat has asked.
    store.settle = async (...args) => {
      const outcome = await settle(...args);
      await new Promise<void>((resolve) => clock.after(6_000, resolve));
      return outcome;
    };
    await pass(9_000);
    handler.calls[0]!.succeed();
    await pass(10_000);
    assert.deepEqual(recorder.types(), ['attempt.finished']);
  });
});

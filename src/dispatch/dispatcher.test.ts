import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createFakeClock } from '../../testkit/fake-clock.ts';
import { StoreError } from '../domain/errors.ts';
import type { Handler } from '../handlers/handler.ts';
import { openMemoryStore } from '../store/memory/open.ts';
import type { ClaimOutcome } from '../store/store.ts';
import { CLAIM_PAUSE_MS } from './claim-loop.ts';
import { aDestination, createManualHandler, LEASE_MS, openDispatch, pass, turns } from './testing.ts';

const HOUR_MS = 3_600_000;
const instant: Handler = { handle: async () => undefined };
const failing: Handler = { handle: () => Promise.reject(new Error('no')) };
const billing = (concurrency = 10) => aDestination({ name: 'billing', concurrency });
const audit = (concurrency = 10) => aDestination({ name: 'audit', concurrency });

describe('the dispatcher', () => {
  it('works off what is there when it starts', async () => {
    const { count, dispatcher, insert } = openDispatch([billing()], { billing: instant });
    for (let i = 0; i < 25; i++) await insert('billing');
    dispatcher.start();
    await turns(20);
    assert.equal(await count('completed'), 25);
  });

  it('does nothing before it is started', async () => {
    const { accept, dispatcher, store } = openDispatch([billing()], { billing: instant });
    await accept(1, 'billing');
    dispatcher.wake();
    await turns();
    assert.equal(store.claims.length, 0);
  });

  it('refuses a destination that has no handler', () => {
    assert.throws(() => openDispatch([billing()], {}), /no handler for destination billing/);
  });

  it('takes up an accepted event when woken, in the same turn or the next', async () => {
    const handler = createManualHandler();
    const { accept, dispatcher } = openDispatch([billing()], { billing: handler });
    dispatcher.start();
    await turns();
    await accept(1, 'billing');
    assert.equal(handler.calls.length, 1);
  });

  it('claims no more than it has free workers, and again as they come free', async () => {
    const handler = createManualHandler();
    const { accept, count, dispatcher, store } = openDispatch([billing(50)], { billing: handler });
    dispatcher.start();
    await turns();
    await accept(12, 'billing');
    assert.equal(await count('processing'), 10);
    handler.calls[0]!.succeed();
    handler.calls[1]!.succeed();
    handler.calls[2]!.succeed();
    await turns();
    assert.equal(handler.calls.length, 12);
    assert.equal([...dispatcher.active()].length, 9);
    assert.deepEqual(
      store.claims.map(({ limit }) => limit),
      [10, 10, 3],
    );
  });

  it('lets workers that come free in one turn share a claim', async () => {
    const handler = createManualHandler();
    const { accept, dispatcher, store } = openDispatch([billing()], { billing: handler });
    dispatcher.start();
    await accept(30, 'billing');
    store.claims.length = 0;
    for (const call of handler.calls) call.succeed();
    await turns();
    assert.deepEqual(store.claims, [{ destination: 'billing', limit: 10 }]);
  });

  it('keeps within the concurrency of a destination', async () => {
    const handler = createManualHandler();
    const { accept, count, dispatcher } = openDispatch([billing(3)], { billing: handler });
    dispatcher.start();
    await accept(9, 'billing');
    assert.equal(await count('processing'), 3);
    handler.calls[1]!.succeed();
    await turns();
    assert.equal(await count('processing'), 3);
    assert.equal(handler.calls.length, 4);
  });

  it('claims the next delivery when a handler has ended, while the store settles', async () => {
    const { calls, dispatch, end } = openWithSlowSettle(2);
    await dispatch.accept(9, 'billing');
    assert.equal(calls.length, 2);
    await end(0);
    assert.equal(calls.length, 3);
    assert.equal([...dispatch.dispatcher.active()].length, 3);
  });

  it('claims no more once as many wait to be settled as it has workers', async () => {
    const { calls, dispatch, end, settleAll } = openWithSlowSettle(2);
    await dispatch.accept(9, 'billing');
    for (const at of [0, 1, 2, 3]) await end(at);
    assert.equal(calls.length, 4, 'two are settled, two wait for their turn');
    settleAll();
    await turns();
    assert.equal(calls.length, 6);
  });

  it('holds a delivery by its lease, not by its id', async () => {
    const { accept, dispatcher } = openDispatch([billing()], { billing: createManualHandler() });
    dispatcher.start();
    await accept(1, 'billing');
    const { lease } = [...dispatcher.active()][0]!.leased;
    assert.equal(dispatcher.holds({ ...lease, untilMs: 0 }), true);
    assert.equal(dispatcher.holds({ ...lease, token: 'another' }), false);
  });
});

/** A store that settles when the test lets it, and a handler that takes a millisecond once the test ends its call. */
function openWithSlowSettle(concurrency: number) {
  const gate = Promise.withResolvers<void>();
  const handler = createManualHandler();
  const memory = openMemoryStore({ maxPendingDeliveries: 100 });
  const settle: typeof memory.settle = async (...args) => {
    await gate.promise;
    return memory.settle(...args);
  };
  const store = { ...memory, settle };
  const dispatch = openDispatch([billing(concurrency)], { billing: handler }, {}, store);
  dispatch.dispatcher.start();
  return {
    dispatch,
    calls: handler.calls,
    settleAll: gate.resolve,
    async end(at: number) {
      await dispatch.pass(1);
      handler.calls[at]!.succeed();
      await turns();
    },
  };
}

describe('a slow destination', () => {
  it('does not hold up the others', async () => {
    const stuck = createManualHandler();
    const { accept, count, dispatcher } = openDispatch([billing(), audit()], {
      billing: stuck,
      audit: instant,
    });
    dispatcher.start();
    await accept(40, 'billing');
    assert.equal(stuck.calls.length, 5, 'half of the workers stay free for the other');
    await accept(40, 'audit');
    await turns(40);
    assert.equal(await count('completed'), 40);
  });

  it('has what others leave, but never their shares', async () => {
    const stuck = createManualHandler();
    const quick = createManualHandler();
    const { accept, dispatcher } = openDispatch([billing(), audit(2)], { billing: stuck, audit: quick });
    dispatcher.start();
    await accept(40, 'billing');
    assert.equal(stuck.calls.length, 8);
    await accept(5, 'audit');
    assert.equal(quick.calls.length, 2);
  });

  it('leaves no worker idle that only a destination without work could take', async () => {
    const [a, b, c] = [createManualHandler(), createManualHandler(), createManualHandler()];
    const destinations = ['a', 'b', 'c'].map((name) => aDestination({ name }));
    const { accept, dispatcher } = openDispatch(destinations, { a, b, c });
    dispatcher.start();
    await accept(3, 'a');
    await accept(3, 'b');
    // Shares of 3 make 9. The tenth worker is for whoever has work, which is not always who is asked first.
    await accept(1, 'a');
    assert.equal(a.calls.length, 4);
    a.calls[0]!.succeed();
    await accept(1, 'b');
    assert.equal(b.calls.length, 4);
  });

  it('does not make the dispatcher miss a retry of one that was at its limit', async () => {
    const stuck = createManualHandler();
    const manual = createManualHandler();
    const { accept, dispatcher, pass } = openDispatch([billing(2), audit(2)], {
      billing: stuck,
      audit: manual,
    });
    dispatcher.start();
    await accept(2, 'audit');
    await accept(4, 'billing');
    manual.calls[0]!.fail(new Error('no'));
    await turns();
    // Due in 2 s, but now all slots are taken again, and a claim for the other sets its own timer.
    await accept(1, 'audit');
    assert.equal(manual.calls.length, 3);
    stuck.calls[0]!.fail(new Error('no'));
    await pass(2_000);
    assert.equal(manual.calls.length, 3);
    manual.calls[2]!.succeed();
    await turns();
    assert.equal(manual.calls.length, 4);
  });
});

describe('while there is nothing to do', () => {
  it('the dispatcher does not ask the store', async () => {
    const { accept, clock, count, dispatcher, pass, store } = openDispatch([billing(), audit()], {
      billing: instant,
      audit: instant,
    });
    dispatcher.start();
    await accept(5, 'billing');
    await turns(20);
    assert.equal(await count('completed'), 5);
    store.claims.length = 0;
    await pass(72 * HOUR_MS);
    assert.equal(store.claims.length, 0);
    assert.equal(clock.pending(), 0);
  });

  it('a retry is waited for by a timer, and comes neither early nor late', async () => {
    const retry = { maxAttempts: 2, baseDelayMs: HOUR_MS, maxDelayMs: 4 * HOUR_MS, jitter: 0 };
    const { accept, clock, delivery, dispatcher, pass, store } = openDispatch([aDestination({ retry })], {
      billing: failing,
    });
    dispatcher.start();
    const [eventId] = await accept(1, 'billing');
    assert.equal((await delivery(eventId!)).attempts, 1);
    store.claims.length = 0;
    await pass(HOUR_MS);
    dispatcher.wake();
    await pass(HOUR_MS - 1);
    assert.equal(store.claims.length, 1, 'for the wake-up');
    assert.equal(clock.pending(), 1);
    assert.equal((await delivery(eventId!)).attempts, 1);
    await pass(1);
    const { attempts, status } = await delivery(eventId!);
    assert.deepEqual([attempts, status], [2, 'failed']);
  });

  it('a retry is not missed, whichever reading of the clock it falls due at', async () => {
    for (let delayMs = 1; delayMs <= 30; delayMs++) {
      const clock = createFakeClock();
      let readings = 0;
      const ticking = { ...clock, nowMs: () => clock.nowMs() + readings++ };
      const retry = { maxAttempts: 2, baseDelayMs: delayMs, maxDelayMs: delayMs, jitter: 0 };
      const { accept, delivery, dispatcher } = openDispatch(
        [aDestination({ retry })],
        { billing: failing },
        { clock: ticking },
      );
      dispatcher.start();
      const [eventId] = await accept(1, 'billing');
      await pass(clock, 1_000);
      assert.equal((await delivery(eventId!)).status, 'failed', `with a retry after ${delayMs} ms`);
    }
  });

  it('the earliest retry of all destinations is the one waited for', async () => {
    const slow = { maxAttempts: 9, baseDelayMs: HOUR_MS, maxDelayMs: HOUR_MS, jitter: 0 };
    const { accept, dispatcher, insert, pass, recorder } = openDispatch(
      [aDestination({ name: 'billing' }), aDestination({ name: 'audit', retry: slow })],
      { billing: failing, audit: failing },
    );
    dispatcher.start();
    await accept(1, 'billing');
    await insert('audit');
    await accept(1, 'audit');
    await pass(2_000);
    assert.equal(recorder.of('attempt.finished').filter((e) => e.destination === 'billing').length, 2);
  });
});

describe('a wake-up', () => {
  /** A store whose claims come back when the test says so. */
  function setUp() {
    const handler = createManualHandler();
    const parts = openDispatch([billing()], { billing: handler });
    const { claim } = parts.store;
    const held: (() => void)[] = [];
    parts.store.claim = async (request) => {
      const outcome = await claim(request);
      await new Promise<void>((resolve) => held.push(resolve));
      return outcome;
    };
    const comeBack = async () => {
      for (const resolve of held.splice(0)) resolve();
      await turns();
    };
    return { ...parts, handler, comeBack };
  }

  it('for some destinations asks for no other, however many there are', async () => {
    const names = Array.from({ length: 50 }, (_, at) => `d${at}`);
    const { dispatcher, insert, store } = openDispatch(
      names.map((name) => aDestination({ name })),
      Object.fromEntries(names.map((name) => [name, instant])),
      { workerCount: 50 },
    );
    dispatcher.start();
    await turns();
    const asked = () => store.claims.map(({ destination }) => destination);
    const before = asked().length;
    await insert('d3', 'd44');
    dispatcher.wakeFor(['d3', 'd44', 'not configured']);
    await turns();
    assert.deepEqual([...new Set(asked().slice(before))], ['d3', 'd44']);
  });

  it('is not lost when it comes during a claim that finds nothing', async () => {
    const { accept, comeBack, dispatcher, handler } = setUp();
    dispatcher.start();
    await turns();
    await accept(1, 'billing');
    assert.equal(handler.calls.length, 0);
    await comeBack();
    await comeBack();
    assert.equal(handler.calls.length, 1);
  });

  it('is not lost when a worker comes free during a claim', async () => {
    const { accept, comeBack, dispatcher, handler } = setUp();
    dispatcher.start();
    await turns();
    await accept(11, 'billing');
    await comeBack();
    await comeBack();
    assert.equal(handler.calls.length, 10);
    handler.calls[0]!.succeed();
    await turns();
    handler.calls[1]!.succeed();
    await turns();
    await comeBack();
    await comeBack();
    assert.equal(handler.calls.length, 11);
    assert.equal([...dispatcher.active()].length, 9);
  });

  it('is not lost when a retry falls due during a claim', async () => {
    const { accept, comeBack, dispatcher, handler, pass } = setUp();
    dispatcher.start();
    await comeBack();
    await accept(1, 'billing');
    await comeBack();
    await comeBack();
    handler.calls[0]!.fail(new Error('no'));
    await turns();
    await comeBack();
    await pass(1_999);
    // Asks 1 ms before the retry is due, and has its answer 1 s after.
    dispatcher.wake();
    await pass(1_001);
    assert.equal(handler.calls.length, 1);
    await comeBack();
    await comeBack();
    assert.equal(handler.calls.length, 2);
  });
});

describe('a claim', () => {
  it('that fails is repeated after a pause, however often the dispatcher is woken', async () => {
    const { accept, count, dispatcher, pass, recorder, store } = openDispatch([billing()], {
      billing: instant,
    });
    const { claim } = store;
    let calls = 0;
    store.claim = () => {
      calls += 1;
      return Promise.reject(new StoreError('STORE_IO', 'no'));
    };
    dispatcher.start();
    await accept(20, 'billing');
    for (let i = 0; i < 100; i++) {
      dispatcher.wake();
      await turns(1);
    }
    assert.equal(calls, 1);
    assert.deepEqual(recorder.types(), ['store.failed']);
    await pass(10 * CLAIM_PAUSE_MS);
    assert.equal(calls, 11);
    store.claim = claim;
    await pass(CLAIM_PAUSE_MS);
    assert.equal(await count('completed'), 20);
  });

  it('that comes back after its lease has run out begins nothing, and charges nothing', async () => {
    const handler = createManualHandler();
    const { accept, clock, delivery, dispatcher, pass, recorder, store } = openDispatch([billing()], {
      billing: handler,
    });
    const { claim } = store;
    let slowMs = LEASE_MS;
    store.claim = async (request) => {
      const outcome = await claim(request);
      await new Promise<void>((resolve) => clock.after(slowMs, resolve));
      return outcome;
    };
    dispatcher.start();
    const [eventId] = await accept(1, 'billing');
    await pass(LEASE_MS - 1);
    slowMs = 0;
    await pass(10);
    assert.equal(recorder.of('delivery.released').length, 1);
    assert.equal(handler.calls.length, 1);
    assert.equal((await delivery(eventId!)).attempts, 0);
  });

  it('is not repeated on and on when others hold what is due', async () => {
    const { clock, dispatcher, pass, store } = openDispatch([billing()], { billing: instant });
    let calls = 0;
    store.claim = async (): Promise<ClaimOutcome> => {
      calls += 1;
      return { leased: [], nextDueAtMs: clock.nowMs() - 1 };
    };
    dispatcher.start();
    await turns(50);
    assert.equal(calls, 1);
    await pass(4 * CLAIM_PAUSE_MS);
    assert.equal(calls, 5);
  });

  it('that the store cut short is followed by another', async () => {
    const handler = createManualHandler();
    const { accept, dispatcher, store } = openDispatch([billing()], { billing: handler });
    const { claim } = store;
    // As a store does whose answer would grow too large.
    store.claim = (request) =>
      claim({ ...request, limits: request.limits.map((entry) => ({ ...entry, limit: 1 })) });
    dispatcher.start();
    await accept(5, 'billing');
    await turns(20);
    assert.equal(handler.calls.length, 5);
  });
});

describe('a delivery whose settlement was answered late', () => {
  it('may be claimed anew before, and is still held by its new lease after', async () => {
    const handler = createManualHandler();
    const retry = { maxAttempts: 9, baseDelayMs: 10, maxDelayMs: 10, jitter: 0 };
    const { accept, dispatcher, pass, store } = openDispatch([aDestination({ retry })], { billing: handler });
    const { settle } = store;
    // Applied, but the answer is a failure; the repetition after 100 ms is answered that the lease is lost.
    store.settle = async (...args) => {
      await settle(...args);
      store.settle = settle;
      throw new StoreError('STORE_IO', 'connection lost');
    };
    dispatcher.start();
    await accept(1, 'billing');
    handler.calls[0]!.fail(new Error('no'));
    await pass(20);
    dispatcher.wake();
    await turns();
    assert.equal(handler.calls.length, 2);
    await pass(100);
    const active = [...dispatcher.active()];
    assert.equal(active.length, 1);
    assert.equal(dispatcher.holds(active[0]!.leased.lease), true);
  });
});

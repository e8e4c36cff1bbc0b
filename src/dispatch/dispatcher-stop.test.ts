import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { StoreError } from '../domain/errors.ts';
import type { Handler } from '../handlers/handler.ts';
import { GIVE_BACK_MS, LAST_TRY_MS } from './dispatcher.ts';
import { aDestination, createManualHandler, openDispatch, turns } from './testing.ts';

const GRACE_MS = 25_000;
const never = new Promise<never>(() => {});

/** Starts to stop; tells whether that is over. */
function beginStop(dispatcher: { stop(graceMs: number): Promise<void> }, graceMs: number = GRACE_MS) {
  const state = { stopped: false };
  dispatcher.stop(graceMs).then(() => {
    state.stopped = true;
  });
  return state;
}

function setUp(handler: Handler = createManualHandler()) {
  const parts = openDispatch([aDestination()], { billing: handler });
  parts.dispatcher.start();
  return parts;
}

describe('stopping a dispatcher', () => {
  it('is over at once when it is idle, or was never started', async () => {
    const idle = setUp();
    await turns();
    await idle.dispatcher.stop(GRACE_MS);
    assert.equal(idle.clock.pending(), 0);
    const fresh = openDispatch([aDestination()], { billing: createManualHandler() });
    await fresh.dispatcher.stop(GRACE_MS);
    assert.equal(fresh.clock.pending(), 0);
  });

  it('forgets the retry that it waits for', async () => {
    const { accept, clock, dispatcher } = setUp({ handle: () => Promise.reject(new Error('no')) });
    await accept(1, 'billing');
    assert.equal(clock.pending(), 1);
    await dispatcher.stop(GRACE_MS);
    assert.equal(clock.pending(), 0);
  });

  it('forgets the store that it was to ask again', async () => {
    const { clock, dispatcher, store } = setUp();
    store.claim = () => Promise.reject(new StoreError('STORE_IO', 'no'));
    await turns();
    assert.equal(clock.pending(), 1);
    await dispatcher.stop(GRACE_MS);
    assert.equal(clock.pending(), 0);
  });

  it('claims no more, whatever comes', async () => {
    const handler = createManualHandler();
    const { accept, dispatcher, store } = setUp(handler);
    await accept(11, 'billing');
    const claims = store.claims.length;
    const state = beginStop(dispatcher);
    await accept(1, 'billing');
    for (const call of handler.calls) call.succeed();
    await turns();
    assert.equal(store.claims.length, claims);
    assert.equal(state.stopped, true);
  });

  it('waits for what is at work', async () => {
    const handler = createManualHandler();
    const { accept, clock, count, dispatcher, pass } = setUp(handler);
    await accept(2, 'billing');
    const state = beginStop(dispatcher);
    await pass(GRACE_MS - 1);
    handler.calls[0]!.succeed();
    await turns();
    assert.equal(state.stopped, false);
    handler.calls[1]!.succeed();
    await turns();
    assert.equal(state.stopped, true);
    assert.equal(await count('completed'), 2);
    assert.equal(clock.pending(), 0);
  });

  it('gives back uncharged what is still at work after the grace, though its handler ignores the signal', async () => {
    const handler = createManualHandler();
    const { accept, clock, delivery, dispatcher, pass, recorder } = setUp(handler);
    const [eventId] = await accept(1, 'billing');
    const state = beginStop(dispatcher, 1_000);
    await pass(1_000);
    assert.equal(state.stopped, true);
    assert.equal(handler.calls[0]!.context.signal.aborted, true);
    const { attempts, status } = await delivery(eventId!);
    assert.deepEqual([attempts, status], [0, 'pending']);
    assert.deepEqual(recorder.types(), ['delivery.released']);
    assert.equal(clock.pending(), 0);
    handler.calls[0]!.succeed();
    await turns();
    assert.equal((await delivery(eventId!)).status, 'pending', 'a late success does not count');
  });

  it('gives back uncharged what a claim under way brings', async () => {
    const handler = createManualHandler();
    const { clock, delivery, dispatcher, insert, store } = openDispatch([aDestination()], {
      billing: handler,
    });
    const { claim } = store;
    const answer = Promise.withResolvers<void>();
    store.claim = async (request) => {
      const outcome = await claim(request);
      await answer.promise;
      return outcome;
    };
    const eventId = await insert('billing');
    dispatcher.start();
    await turns();
    assert.equal((await delivery(eventId)).status, 'processing');
    const state = beginStop(dispatcher);
    await turns();
    assert.equal(state.stopped, false, 'its answer is waited for');
    answer.resolve();
    await turns();
    assert.equal(state.stopped, true);
    assert.equal(handler.calls.length, 0);
    const { attempts, status } = await delivery(eventId);
    assert.deepEqual([attempts, status], [0, 'pending']);
    assert.equal(clock.pending(), 0);
  });

  for (const [how, settle] of [
    ['brings nothing', (resolve: () => void) => resolve()],
    ['fails', (_: () => void, reject: (error: Error) => void) => reject(new StoreError('STORE_IO', 'no'))],
  ] as const) {
    it(`ends with a claim under way that ${how}`, async () => {
      const { clock, dispatcher, store } = openDispatch([aDestination()], { billing: createManualHandler() });
      const answer = Promise.withResolvers<void>();
      store.claim = async () => {
        await answer.promise;
        return { leased: [], nextDueAtMs: clock.nowMs() + 60_000 };
      };
      dispatcher.start();
      await turns();
      const state = beginStop(dispatcher);
      settle(answer.resolve, answer.reject);
      await turns();
      assert.equal(state.stopped, true);
      assert.equal(clock.pending(), 0);
    });
  }
});

describe('stopping a dispatcher whose store', () => {
  it('fails: writes down what it can until the time is up, and goes', async () => {
    const handler = createManualHandler();
    const { accept, clock, dispatcher, pass, recorder, store } = setUp(handler);
    await accept(3, 'billing');
    store.settle = () => Promise.reject(new StoreError('STORE_IO', 'no'));
    handler.calls[0]!.succeed();
    const state = beginStop(dispatcher);
    await pass(GRACE_MS + GIVE_BACK_MS - 1);
    assert.equal(state.stopped, false);
    await pass(1);
    assert.equal(state.stopped, true);
    assert.equal(clock.pending(), 0);
    assert.equal(recorder.of('delivery.released').length, 0);
  });

  it('works again during that time: nothing is charged', async () => {
    const handler = createManualHandler();
    const { accept, count, dispatcher, pass, store } = setUp(handler);
    await accept(3, 'billing');
    const { settle } = store;
    store.settle = () => Promise.reject(new StoreError('STORE_IO', 'no'));
    const state = beginStop(dispatcher, 0);
    await pass(1_000);
    store.settle = settle;
    await pass(1_000);
    assert.equal(state.stopped, true);
    assert.equal(await count('pending'), 3);
  });

  it('does not answer at all: goes when the time is up, and says what was left', async () => {
    for (const silent of ['settle', 'claim'] as const) {
      const handler = createManualHandler();
      const { accept, clock, dispatcher, pass, recorder, store } = setUp(handler);
      await accept(3, 'billing');
      store[silent] = () => never;
      for (const call of handler.calls) call.succeed();
      dispatcher.wake();
      await turns();
      const state = beginStop(dispatcher);
      await pass(GRACE_MS + GIVE_BACK_MS + LAST_TRY_MS);
      assert.equal(state.stopped, true);
      assert.equal(clock.pending(), 0);
      assert.equal(recorder.of('receiver.warning').length, silent === 'settle' ? 1 : 0);
    }
  });
});

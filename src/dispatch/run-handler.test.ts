import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { anEvent } from '../../testkit/builders.ts';
import { createFakeClock } from '../../testkit/fake-clock.ts';
import { PermanentError, RetryAfter } from '../domain/errors.ts';
import { NO_LOG } from '../domain/handler-log.ts';
import type { Handler } from '../handlers/handler.ts';
import { Cancellation } from './cancellation.ts';
import { createCompletion } from './completion.ts';
import { type Run, runHandler } from './run-handler.ts';
import { createManualHandler, turns } from './testing.ts';

const TIMEOUT_MS = 5_000;

function setUp(handler: Handler = createManualHandler()) {
  const clock = createFakeClock();
  const cancel = new Cancellation();
  const overruns: number[] = [];
  const ended: Run[] = [];
  const start = () => {
    const run = runHandler({
      handler,
      event: anEvent(),
      context: { deliveryId: 'delivery', idempotencyKey: 'the key', destination: 'billing', attempt: 3 },
      completion: createCompletion({ completeWithin: async () => 'completed', onCompleted: () => {} }),
      openLog: () => NO_LOG,
      timeoutMs: TIMEOUT_MS,
      clock,
      cancel: cancel,
      onOverrun: (overranMs) => overruns.push(overranMs),
    });
    run.then((outcome) => ended.push(outcome));
    return run;
  };
  return { clock, cancel, overruns, ended, start };
}

/** The result of a handler that ends by itself. */
async function resultOf(handle: Handler['handle']) {
  const { clock, overruns, start } = setUp({ handle });
  const run = await start();
  assert.equal(clock.pending(), 0, 'no timer is left behind');
  assert.deepEqual(overruns, []);
  assert.equal(run.kind, 'finished');
  return run.kind === 'finished' ? run.result : assert.fail();
}

describe('runHandler', () => {
  it('tells the handler which attempt it is in', async () => {
    const handler = createManualHandler();
    void setUp(handler).start();
    const { signal, complete: _, log: __, ...context } = handler.calls[0]!.context;
    assert.deepEqual(context, {
      deliveryId: 'delivery',
      idempotencyKey: 'the key',
      destination: 'billing',
      attempt: 3,
    });
    assert.equal(signal.aborted, false);
  });

  it('keeps what a handler that succeeds replies', async () => {
    const result = await resultOf(async () => ({ httpStatus: 204, responseExcerpt: 'ok' }));
    assert.deepEqual(result, {
      outcome: 'succeeded',
      error: null,
      httpStatus: 204,
      responseExcerpt: 'ok',
      retryAfterMs: null,
    });
    assert.equal((await resultOf(async () => undefined)).outcome, 'succeeded');
  });

  it('takes a throw for a failure, early or late, whatever is thrown', async () => {
    const late = await resultOf(async () => {
      await null;
      throw new Error('late');
    });
    const early = await resultOf(() => {
      throw new Error('early');
    });
    const odd = await resultOf(() => Promise.reject());
    assert.deepEqual([late.outcome, late.error], ['failed', 'late']);
    assert.deepEqual([early.outcome, early.error], ['failed', 'early']);
    assert.equal(odd.outcome, 'failed');
  });

  it('tells the two errors apart that say more', async () => {
    const permanent = await resultOf(async () => {
      throw new PermanentError('never');
    });
    const later = await resultOf(async () => {
      throw new RetryAfter(7);
    });
    assert.equal(permanent.outcome, 'rejected');
    assert.deepEqual([later.outcome, later.retryAfterMs], ['failed', 7_000]);
  });

  it('takes a reply that cannot be read for a failure', async () => {
    const reply = Object.defineProperty({}, 'httpStatus', {
      get() {
        throw new Error('unreadable');
      },
    });
    const result = await resultOf(async () => reply as never);
    assert.deepEqual([result.outcome, result.error], ['failed', 'unreadable']);
  });
});

describe('runHandler, when the time is up', () => {
  it('aborts the signal and counts the attempt as timed out, though the handler heeds the signal', async () => {
    const handler: Handler = {
      handle: (_event, { signal }) =>
        new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
    };
    const { clock, ended, overruns, start } = setUp(handler);
    void start();
    await clock.advance(TIMEOUT_MS - 1);
    assert.equal(ended.length, 0);
    await clock.advance(1);
    const run: Run | undefined = ended.at(0);
    assert.equal(run?.kind === 'finished' && run.result.outcome, 'timed_out');
    assert.deepEqual(overruns, []);
  });

  it('does not wait for a handler that ignores its signal, and tells when that one ends after all', async () => {
    const handler = createManualHandler();
    const { clock, ended, overruns, start } = setUp(handler);
    void start();
    await clock.advance(TIMEOUT_MS);
    const [call] = handler.calls;
    assert.equal(call!.context.signal.aborted, true);
    assert.equal((call!.context.signal.reason as Error).name, 'TimeoutError');
    assert.equal(ended.length, 1);
    await clock.advance(1_500);
    assert.deepEqual(overruns, []);
    call!.succeed();
    await turns();
    assert.deepEqual(overruns, [1_500]);
    assert.equal(ended.length, 1, 'its late success does not count');
  });
});

describe('runHandler, when it is cancelled', () => {
  const reason = new Error('stop');

  it('hands the reason to the handler and does not wait for it', async () => {
    const handler = createManualHandler();
    const { cancel, clock, ended, overruns, start } = setUp(handler);
    void start();
    cancel.cancel(reason);
    await turns();
    assert.deepEqual(ended, [{ kind: 'cancelled' }]);
    assert.equal(handler.calls[0]!.context.signal.reason, reason);
    assert.equal(clock.pending(), 0);
    handler.calls[0]!.fail(reason);
    await turns();
    assert.deepEqual(overruns, [], 'whoever is cancelled does not overrun');
  });

  it('does not begin when it was cancelled before', async () => {
    const handler = createManualHandler();
    const { cancel, clock, start } = setUp(handler);
    cancel.cancel(reason);
    assert.deepEqual(await start(), { kind: 'cancelled' });
    assert.equal(handler.calls.length, 0);
    assert.equal(clock.pending(), 0);
  });

  it('pays no heed once the run has ended', async () => {
    const handler = createManualHandler();
    const { cancel, start } = setUp(handler);
    const run = start();
    handler.calls[0]!.succeed();
    assert.equal((await run).kind, 'finished');
    cancel.cancel(reason);
    assert.equal(handler.calls[0]!.context.signal.aborted, false);
  });
});

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createFakeClock, FAKE_EPOCH_MS } from '../../testkit/fake-clock.ts';
import { LeaseLost, PermanentError, StoreError, TransactionError } from '../domain/errors.ts';
import type { Settlement } from '../domain/settlement.ts';
import type { Handler, HandlerContext } from '../handlers/handler.ts';
import type { CompleteStore } from '../store/store.ts';
import { NO_BREAKER } from './breaker.ts';
import { Cancellation } from './cancellation.ts';
import { executeAttempt } from './execute-attempt.ts';
import { createHeartbeat } from './heartbeat.ts';
import { LEASE_LOST, SHUTDOWN } from './stop-reasons.ts';
import { aDestination, aLeased, createRecorder, LEASE_MS, openDispatch, turns } from './testing.ts';

type Handle = (context: HandlerContext) => Promise<unknown>;

/** One attempt on a store whose transactions the test ends itself. */
function setUp(handle: Handle, completeWithin: CompleteStore['completeWithin']) {
  const clock = createFakeClock(FAKE_EPOCH_MS);
  const recorder = createRecorder();
  const cancel = new Cancellation();
  const settled: Settlement['kind'][] = [];
  const leased = aLeased();
  const handler: Handler = {
    handle: async (_event, context) => {
      await handle(context);
      return undefined;
    },
  };
  const parts = {
    store: {
      completeWithin,
      settle: async (_lease: unknown, { kind }: Settlement) => {
        settled.push(kind);
        return 'settled' as const;
      },
    },
    clock,
    random: { next: () => 0.5, fill: () => {} },
    emit: recorder.emit,
    breaker: NO_BREAKER,
    giveUp: new AbortController().signal,
  };
  const target = { destination: aDestination({ timeoutMs: 5_000 }), handler };
  const ended: (Settlement | null)[] = [];
  const run = executeAttempt(parts, target, leased, cancel).then((settlement) => ended.push(settlement));
  return { clock, recorder, cancel, settled, leased, ended, run };
}

/** A transaction that heeds its signal while the work runs, and then is in its commit until the test ends it. */
function aTransaction() {
  const commit = Promise.withResolvers<'completed' | 'lost'>();
  const completeWithin: CompleteStore['completeWithin'] = async (_lease, work, finish, signal) => {
    const aborted = new Promise<never>((_, reject) =>
      signal!.addEventListener('abort', () => reject(signal!.reason)),
    );
    await Promise.race([work({} as never), aborted]);
    finish();
    return commit.promise;
  };
  return { completeWithin, commit };
}

const AT_ONCE: CompleteStore['completeWithin'] = async (_lease, work, finish) => {
  await work({} as never);
  finish();
  return 'completed';
};
const nothing = () => {};
const forEver = () => new Promise<never>(() => {});

describe('a handler that completes its delivery', () => {
  it('is told of as it happens, and keeps its worker until it returns', async () => {
    const tail = Promise.withResolvers<void>();
    const { clock, recorder, settled, leased, ended, run } = setUp(async ({ complete }) => {
      await complete(nothing);
      await tail.promise;
    }, AT_ONCE);
    await turns();
    assert.deepEqual(recorder.types(), ['attempt.finished']);
    const [finished] = recorder.of('attempt.finished');
    assert.deepEqual(
      [finished!.outcome, finished!.settlement, finished!.attempt, finished!.deliveryId],
      ['succeeded', 'completed', 1, leased.lease.deliveryId],
    );
    assert.deepEqual(ended, []);
    tail.resolve();
    await run;
    assert.deepEqual(ended, [{ kind: 'completed' }]);
    assert.deepEqual(settled, [], 'there is nothing left to settle');
    assert.equal(recorder.events.length, 1);
    assert.equal(clock.pending(), 0);
  });

  it('need not await it', async () => {
    const { completeWithin, commit } = aTransaction();
    const { recorder, settled, ended, run } = setUp(
      async ({ complete }) => void complete(nothing),
      completeWithin,
    );
    await turns();
    assert.deepEqual(ended, []);
    commit.resolve('completed');
    await run;
    assert.deepEqual(recorder.types(), ['attempt.finished']);
    assert.deepEqual(settled, []);
  });

  it('may throw afterwards: that changes nothing, and is warned of', async () => {
    const { recorder, settled, ended, run } = setUp(async ({ complete }) => {
      await complete(nothing);
      throw new PermanentError('too late');
    }, AT_ONCE);
    await run;
    assert.deepEqual(ended, [{ kind: 'completed' }]);
    assert.deepEqual(settled, []);
    assert.deepEqual(recorder.types(), ['attempt.finished', 'receiver.warning']);
    assert.equal(recorder.of('receiver.warning')[0]!.details!.error, 'too late');
  });

  it('may run out of its time afterwards: the worker is freed, the delivery stays completed', async () => {
    const { clock, recorder, settled, ended } = setUp(async ({ complete }) => {
      await complete(nothing);
      await forEver();
    }, AT_ONCE);
    await turns();
    await clock.advance(5_000);
    assert.deepEqual(ended, [{ kind: 'completed' }]);
    assert.deepEqual(settled, []);
    assert.deepEqual(recorder.types(), ['attempt.finished']);
  });

  it('may do so once: a second call is refused, under way or done', async () => {
    const refused: unknown[] = [];
    const keep = (error: unknown) => refused.push(error);
    const { ended, run } = setUp(async ({ complete }) => {
      const first = complete(nothing);
      await complete(nothing).catch(keep);
      await first;
      await complete(nothing).catch(keep);
    }, AT_ONCE);
    await run;
    assert.deepEqual(ended, [{ kind: 'completed' }]);
    assert.equal(refused.length, 2);
    for (const error of refused) assert.ok(error instanceof TransactionError);
  });
});

describe('a completion that fails', () => {
  const failing: CompleteStore['completeWithin'] = async (_lease, work) => {
    await work({} as never);
    return assert.fail('the work throws');
  };
  const work = () => {
    throw new PermanentError('no such account');
  };

  it('fails the attempt with what the work threw', async () => {
    const { recorder, settled, run } = setUp(({ complete }) => complete(work), failing);
    await run;
    assert.deepEqual(settled, ['failed']);
    assert.equal(recorder.of('attempt.finished')[0]!.error, 'no such account');
  });

  it('fails the attempt also when the handler keeps it to itself, awaited or not', async () => {
    for (const handle of [
      async ({ complete }: HandlerContext) => void (await complete(work).catch(nothing)),
      async ({ complete }: HandlerContext) => void complete(work),
    ]) {
      const { recorder, settled, run } = setUp(handle, failing);
      await run;
      assert.deepEqual(settled, ['failed']);
      assert.equal(recorder.of('attempt.finished')[0]!.outcome, 'rejected');
    }
  });

  it('may be called again within the attempt', async () => {
    let calls = 0;
    const busyOnce: CompleteStore['completeWithin'] = (...request) => {
      calls += 1;
      if (calls === 1) return Promise.reject(new StoreError('STORE_BUSY', 'gave way'));
      return AT_ONCE(...request);
    };
    const { recorder, settled, ended, run } = setUp(
      ({ complete }) => complete(nothing).catch(() => complete(nothing)),
      busyOnce,
    );
    await run;
    assert.deepEqual(ended, [{ kind: 'completed' }]);
    assert.deepEqual(settled, []);
    assert.deepEqual(recorder.types(), ['store.failed', 'attempt.finished']);
    assert.equal(recorder.of('store.failed')[0]!.operation, 'complete');
  });
});

describe('a completion under a lease that is lost', () => {
  it('tells the handler, settles nothing, and is refused from then on', async () => {
    const heard: unknown[] = [];
    const keep = (error: unknown) => heard.push(error);
    const { recorder, settled, ended, run } = setUp(
      async ({ complete }) => {
        await complete(nothing).catch(keep);
        await complete(nothing).catch(keep);
      },
      async () => 'lost',
    );
    await run;
    assert.equal(heard.length, 2);
    for (const error of heard) {
      assert.ok(error instanceof LeaseLost);
      assert.equal(error.code, 'HANDLER_LEASE_LOST');
    }
    assert.deepEqual(recorder.types(), ['lease.lost']);
    assert.deepEqual(settled, []);
    assert.deepEqual(ended, [null]);
  });

  it('tells the handler also when the heartbeat hears of it first', async () => {
    const heard = Promise.withResolvers<unknown>();
    const { completeWithin } = aTransaction();
    const { cancel, recorder, settled, run } = setUp(
      ({ complete }) => complete(forEver).catch(heard.resolve),
      completeWithin,
    );
    await turns();
    cancel.cancel(LEASE_LOST);
    assert.ok((await heard.promise) instanceof LeaseLost);
    await run;
    assert.deepEqual(recorder.types(), ['lease.lost']);
    assert.deepEqual(settled, []);
  });
});

describe('the end of the time for a completion', () => {
  it('rolls back while the work runs: the attempt timed out', async () => {
    const { completeWithin } = aTransaction();
    const { clock, recorder, settled } = setUp(({ complete }) => complete(forEver), completeWithin);
    await turns();
    await clock.advance(5_000);
    await turns();
    assert.deepEqual(settled, ['retry']);
    assert.equal(recorder.of('attempt.finished')[0]!.outcome, 'timed_out');
  });

  for (const [outcome, settlements, types] of [
    ['completed', [], ['attempt.finished']],
    ['lost', [], ['lease.lost']],
  ] as const) {
    it(`waits for a commit that is under way: ${outcome}`, async () => {
      const { completeWithin, commit } = aTransaction();
      const { clock, recorder, settled, ended } = setUp(({ complete }) => complete(nothing), completeWithin);
      await turns();
      await clock.advance(60_000);
      assert.deepEqual([settled, ended, recorder.events], [[], [], []], 'nothing is decided yet');
      commit.resolve(outcome);
      await turns();
      assert.deepEqual(settled, settlements);
      assert.deepEqual(recorder.types(), types);
      assert.equal(ended.length, 1);
    });
  }

  it('waits for a commit that then fails: the attempt timed out', async () => {
    const { completeWithin, commit } = aTransaction();
    const { clock, recorder, settled } = setUp(({ complete }) => complete(nothing), completeWithin);
    await turns();
    await clock.advance(5_000);
    commit.reject(new StoreError('STORE_UNAVAILABLE', 'gone'));
    await turns();
    assert.deepEqual(settled, ['retry']);
    assert.equal(recorder.of('attempt.finished')[0]!.outcome, 'timed_out');
  });

  it('refuses a completion that comes later', async () => {
    const late = Promise.withResolvers<void>();
    const heard = Promise.withResolvers<Error>();
    const { clock, settled } = setUp(async ({ complete }) => {
      await late.promise;
      await complete(() => assert.fail('must not begin')).catch(heard.resolve);
    }, AT_ONCE);
    await turns();
    await clock.advance(5_000);
    late.resolve();
    assert.equal((await heard.promise).name, 'TimeoutError');
    assert.deepEqual(settled, ['retry']);
  });
});

describe('a shutdown during a completion', () => {
  it('rolls back while the work runs, and gives the delivery back uncharged', async () => {
    const { completeWithin } = aTransaction();
    const { cancel, recorder, settled, run } = setUp(({ complete }) => complete(forEver), completeWithin);
    await turns();
    cancel.cancel(SHUTDOWN);
    await run;
    assert.deepEqual(settled, ['released']);
    assert.deepEqual(recorder.types(), ['delivery.released']);
  });

  it('waits for a commit that is under way', async () => {
    const { completeWithin, commit } = aTransaction();
    const { cancel, recorder, settled, ended, run } = setUp(
      ({ complete }) => complete(nothing),
      completeWithin,
    );
    await turns();
    cancel.cancel(SHUTDOWN);
    await turns();
    assert.deepEqual(ended, []);
    commit.resolve('completed');
    await run;
    assert.deepEqual(recorder.types(), ['attempt.finished']);
    assert.deepEqual(settled, []);
  });
});

describe('the heartbeat of a delivery that its handler has completed', () => {
  it('extends nothing, and reports no lost lease', async () => {
    const tail = Promise.withResolvers<undefined>();
    const handler: Handler = {
      async handle(_event, { complete }) {
        await complete(nothing);
        return tail.promise;
      },
    };
    const opened = openDispatch([aDestination({ timeoutMs: 10 * LEASE_MS })], { billing: handler });
    const { clock, recorder, dispatcher, store, pass, accept, count } = opened;
    const heartbeat = createHeartbeat({ store, dispatcher, clock, emit: recorder.emit, leaseMs: LEASE_MS });
    dispatcher.start();
    await heartbeat.start();
    await accept(1, 'billing');
    await pass(3 * LEASE_MS);
    assert.equal(await count('completed'), 1);
    tail.resolve(undefined);
    await turns();
    assert.deepEqual(recorder.types(), ['attempt.finished']);
    await heartbeat.stop();
  });
});

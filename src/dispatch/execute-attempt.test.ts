import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createFakeClock, FAKE_EPOCH_MS } from '../../testkit/fake-clock.ts';
import type { Attempt } from '../domain/attempt.ts';
import { PermanentError, RetryAfter, StoreError } from '../domain/errors.ts';
import type { Settlement } from '../domain/settlement.ts';
import type { Handler } from '../handlers/handler.ts';
import { NO_BREAKER } from './breaker.ts';
import { Cancellation } from './cancellation.ts';
import { executeAttempt } from './execute-attempt.ts';
import { CLAIMED_TOO_LATE, LEASE_LOST, SHUTDOWN } from './stop-reasons.ts';
import { aDestination, aLeased, createManualHandler, createRecorder, turns } from './testing.ts';

type Settled = { settlement: Settlement; attempt: Attempt | null };

/** One attempt from its start; the delivery has waited for 250 ms. */
function setUp(
  handler: Handler,
  options: { attempts?: number; settle?: () => Promise<'settled' | 'lost'> } = {},
) {
  const clock = createFakeClock(FAKE_EPOCH_MS + 250);
  const recorder = createRecorder();
  const cancel = new Cancellation();
  const settled: Settled[] = [];
  const store = {
    settle: async (_lease: unknown, settlement: Settlement, attempt: Attempt | null) => {
      settled.push({ settlement, attempt });
      return (await options.settle?.()) ?? 'settled';
    },
    completeWithin: () => assert.fail('no handler of these tests completes its delivery'),
  };
  const leased = aLeased({ attempts: options.attempts ?? 0 });
  const parts = {
    store,
    clock,
    random: { next: () => 0.5, fill: () => {} },
    emit: recorder.emit,
    breaker: NO_BREAKER,
    giveUp: new AbortController().signal,
  };
  const start = () => executeAttempt(parts, { destination: aDestination(), handler }, leased, cancel);
  const identity = {
    eventId: leased.event.id,
    deliveryId: leased.lease.deliveryId,
    source: 'default',
    destination: 'billing',
  };
  return { clock, recorder, cancel, settled, leased, parts, start, identity };
}

const throwing = (error: unknown): Handler => ({ handle: () => Promise.reject(error) });

describe('executeAttempt', () => {
  it('completes what succeeds, with the row of the attempt and one wide event', async () => {
    const handler = createManualHandler();
    const { clock, identity, recorder, settled, start } = setUp(handler);
    const done = start();
    await clock.advance(40);
    handler.calls[0]!.succeed({ httpStatus: 200, responseExcerpt: 'fine' });
    await done;
    const startedAtMs = FAKE_EPOCH_MS + 250;
    assert.deepEqual(settled, [
      {
        settlement: { kind: 'completed' },
        attempt: {
          number: 1,
          startedAtMs,
          endedAtMs: startedAtMs + 40,
          outcome: 'succeeded',
          error: null,
          httpStatus: 200,
          responseExcerpt: 'fine',
        },
      },
    ]);
    assert.deepEqual(recorder.events, [
      {
        type: 'attempt.finished',
        ...identity,
        eventType: 'order.created',
        attempt: 1,
        outcome: 'succeeded',
        settlement: 'completed',
        error: null,
        httpStatus: 200,
        durationMs: 40,
        waitedMs: 250,
        dueAtMs: null,
      },
    ]);
  });

  it('counts on from the attempts before', async () => {
    const handler = createManualHandler();
    const { settled, start } = setUp(handler, { attempts: 2 });
    const done = start();
    assert.equal(handler.calls[0]!.context.attempt, 3);
    handler.calls[0]!.succeed();
    await done;
    assert.equal(settled[0]!.attempt!.number, 3);
  });

  it('retries what fails, after a wait that doubles', async () => {
    for (const [attempts, delayMs] of [
      [0, 2_000],
      [1, 4_000],
      [2, 8_000],
    ] as const) {
      const { clock, recorder, settled, start } = setUp(throwing(new Error('no')), { attempts });
      await start();
      const dueAtMs = clock.nowMs() + delayMs;
      assert.deepEqual(settled[0]!.settlement, { kind: 'retry', dueAtMs, error: 'no' });
      const [event] = recorder.of('attempt.finished');
      assert.deepEqual([event!.settlement, event!.dueAtMs, event!.error], ['retry', dueAtMs, 'no']);
    }
  });

  it('waits as long as the handler asks', async () => {
    const { clock, settled, start } = setUp(throwing(new RetryAfter(90)));
    await start();
    const { settlement } = settled[0]!;
    assert.equal(settlement.kind === 'retry' && settlement.dueAtMs, clock.nowMs() + 90_000);
  });

  it('fails for good after the last attempt, and at once on a permanent error', async () => {
    const last = setUp(throwing(new Error('no')), { attempts: 3 });
    await last.start();
    assert.deepEqual(last.settled[0]!.settlement, { kind: 'failed', error: 'no' });
    const permanent = setUp(throwing(new PermanentError('never')));
    await permanent.start();
    assert.deepEqual(permanent.settled[0]!.settlement, { kind: 'failed', error: 'never' });
    assert.equal(permanent.settled[0]!.attempt!.outcome, 'rejected');
    assert.equal(permanent.recorder.of('attempt.finished')[0]!.settlement, 'failed');
  });

  it('does not deliver what is to be ordered by a body that cannot be read', async () => {
    const handler: Handler = { handle: async () => undefined };
    const run = async (by: string, isUnreadable: boolean, orderKey: string | null = null) => {
      const { parts, leased, cancel, settled } = setUp(handler);
      const lease = { ...leased.lease, orderKey };
      const destination = aDestination({ order: { by, onFailure: 'skip' } });
      const target = { destination, handler };
      const own = { ...parts, isUnreadable: () => isUnreadable };
      await executeAttempt(own, target, { ...leased, lease }, cancel);
      return settled[0]!;
    };
    const { settlement, attempt } = await run('body:/id', true);
    assert.equal(settlement.kind, 'failed');
    assert.equal(attempt!.outcome, 'rejected');
    assert.match(attempt!.error!, /^body_unreadable: /);
    for (const fine of [run('body:/id', false), run('header:X-Id', true), run('body:/id', true, 'key')]) {
      assert.equal((await fine).settlement.kind, 'completed');
    }
  });

  it('counts a timeout as a failed attempt, and tells of a handler that went on', async () => {
    const handler = createManualHandler();
    const { clock, recorder, settled, start } = setUp(handler);
    const done = start();
    await clock.advance(30_000);
    await done;
    assert.equal(settled[0]!.attempt!.outcome, 'timed_out');
    assert.equal(settled[0]!.settlement.kind, 'retry');
    await clock.advance(1_700);
    handler.calls[0]!.succeed();
    await turns();
    assert.equal(settled.length, 1);
    assert.deepEqual(recorder.types(), ['attempt.finished', 'handler.overran']);
    assert.equal(recorder.of('handler.overran')[0]!.overranMs, 1_700);
  });
});

describe('executeAttempt, cancelled', () => {
  for (const reason of [SHUTDOWN, CLAIMED_TOO_LATE]) {
    it(`gives the delivery back uncharged: ${reason.message}`, async () => {
      const { cancel, clock, identity, recorder, settled, start } = setUp(createManualHandler());
      const done = start();
      cancel.cancel(reason);
      await done;
      assert.deepEqual(settled, [
        { settlement: { kind: 'released', dueAtMs: clock.nowMs() }, attempt: null },
      ]);
      assert.deepEqual(recorder.events, [{ type: 'delivery.released', ...identity }]);
    });
  }

  it('touches nothing when its lease is lost', async () => {
    const { cancel, identity, recorder, settled, start } = setUp(createManualHandler());
    const done = start();
    cancel.cancel(LEASE_LOST);
    await done;
    assert.deepEqual(settled, []);
    assert.deepEqual(recorder.events, [{ type: 'lease.lost', ...identity }]);
  });
});

describe('executeAttempt, when the store', () => {
  it('says that the lease is lost: tells so, and nothing else', async () => {
    const handler = { handle: async () => undefined };
    const { identity, recorder, start } = setUp(handler, { settle: async () => 'lost' });
    await start();
    assert.deepEqual(recorder.events, [{ type: 'lease.lost', ...identity }]);
  });

  it('fails: reports each failure, and goes on', async () => {
    const error = new StoreError('STORE_BUSY', 'busy');
    let failures = 2;
    const settle = async () => {
      if (failures-- > 0) throw error;
      return 'settled' as const;
    };
    const { clock, recorder, start } = setUp({ handle: async () => undefined }, { settle });
    const done = start();
    await clock.advance(10_000);
    await done;
    assert.deepEqual(recorder.events.slice(0, 2), [
      { type: 'store.failed', operation: 'settle', error },
      { type: 'store.failed', operation: 'settle', error },
    ]);
    assert.deepEqual(recorder.types().slice(2), ['attempt.finished']);
    assert.equal(
      recorder.of('attempt.finished')[0]!.durationMs,
      0,
      'the wait for the store is not the handler’s',
    );
  });
});

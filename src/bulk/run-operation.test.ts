import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { anOperation } from '../../testkit/builders.ts';
import { createFakeClock, FAKE_EPOCH_MS as T0 } from '../../testkit/fake-clock.ts';
import { type BulkOperation, stepped, type TargetOutcome } from '../domain/operation.ts';
import type { StepOutcome } from '../store/store.ts';
import { LEASE_MS } from './lease.ts';
import type { Pressure } from './pressure.ts';
import { runOperation } from './run-operation.ts';

/** A run on a store that goes through targets, and tells when it was asked for what. */
function aRun(count: number, overrides: Partial<BulkOperation> = {}, pressure: Pressure | null = null) {
  const clock = createFakeClock();
  const stop = new AbortController();
  const told: string[] = [];
  const tell = (what: string) => told.push(`${clock.nowMs() - T0} ${what}`);
  const state = { isFull: false, isLost: false, pressure };
  let current = anOperation({ state: 'running', count, left: count, ...overrides });
  const ended = runOperation(
    {
      clock,
      pressure: async () => state.pressure,
      closed: () => ['held'],
      needsTargets: () => false,
      prepareWork: () => assert.fail('the store knows what to do'),
      onPending: () => {},
      onStep(operation) {
        current = operation;
      },
      onWait: (_operation, pressure) => {
        if (pressure !== null) tell(`waits for ${pressure.kind}`);
      },
      store: {
        nextTargets: async () => [],
        async extendOperation(_lease, untilMs) {
          tell(`extends to ${untilMs - T0}`);
          return state.isLost ? 'lost' : 'extended';
        },
        async stepOperation(_lease, { limit, nowMs, closed }): Promise<StepOutcome> {
          assert.deepEqual(closed, ['held']);
          tell(`${state.isFull ? 'full at' : 'step of'} ${limit}`);
          if (state.isLost) return { kind: 'lost' };
          if (state.isFull) return { kind: 'full' };
          const targets = Math.min(limit, current.left);
          const outcomes = Array<TargetOutcome>(targets).fill('replayed');
          return {
            kind: 'stepped',
            operation: stepped(current, outcomes, targets, nowMs),
            due: [],
            made: [],
          };
        },
      },
    },
    { operationId: current.id, token: 't' },
    current,
    stop.signal,
  );
  return { clock, stop, told, state, ended };
}

describe('a run of an operation', () => {
  it('keeps its rate, in steps of 0.4 s', async () => {
    const { clock, told, ended } = aRun(50, { rate: 50 });
    await clock.advance(1_000);
    assert.deepEqual(told, ['0 step of 20', '400 step of 20', '800 step of 20']);
    assert.deepEqual((await ended)?.outcomes, { replayed: 50 });
  });

  it('takes at most 200 at once, and hurries with a take-back', async () => {
    const fast = aRun(600, { rate: 1_000 });
    await fast.clock.advance(600);
    assert.deepEqual(fast.told, ['0 step of 200', '200 step of 200', '400 step of 200']);
    const back = aRun(600, { state: 'taking_back', rate: 1 });
    await back.clock.advance(0);
    assert.deepEqual(back.told, ['0 step of 200', '0 step of 200', '0 step of 200']);
    assert.equal((await back.ended)?.state, 'taken_back');
  });

  it('waits under pressure, looks again, says every 3 s that it is there, and goes on', async () => {
    const { clock, told, state, ended } = aRun(1, {}, { kind: 'lag', destination: 'crm' });
    await clock.advance(3_100);
    assert.equal(told.filter((line) => line.endsWith('waits for lag')).length, 13);
    assert.deepEqual(
      told.filter((line) => line.includes('extends')),
      [`3000 extends to ${3_000 + LEASE_MS}`],
    );
    state.pressure = null;
    await clock.advance(1_000);
    assert.equal(told.at(-1), '3250 step of 20');
    assert.equal((await ended)?.state, 'completed');
  });

  it('halves its step while the store has no room, tells so and keeps its lease', async () => {
    const { clock, told, state } = aRun(40);
    state.isFull = true;
    await clock.advance(600);
    state.isFull = false;
    await clock.advance(200);
    assert.deepEqual(
      told.filter((line) => !line.includes('extends')),
      [
        ...['0 full at 20', '0 waits for queue', '250 full at 10', '250 waits for queue'],
        ...['500 full at 5', '500 waits for queue', '750 step of 2', '790 step of 20'],
      ],
    );
    assert.equal(told.filter((line) => line.includes('extends')).length, 3);
  });

  it('ends without an outcome when its lease is lost, or it is told to', async () => {
    const lost = aRun(1);
    lost.state.isLost = true;
    await lost.clock.advance(0);
    assert.equal(await lost.ended, null);
    const stopped = aRun(100, { rate: 1 });
    await stopped.clock.advance(10);
    stopped.stop.abort();
    assert.equal(await stopped.ended, null);
  });
});

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createFakeClock } from '../../testkit/fake-clock.ts';
import { StoreError } from '../domain/errors.ts';
import type { OperateStore, PurgeOutcome } from '../store/store.ts';
import { createPurger } from './purger.ts';
import { createRecorder, pass, turns } from './testing.ts';

const HOUR_MS = 3_600_000;
const RETENTION_MS = 30 * 24 * HOUR_MS;

function setUp(purge: OperateStore['purge'], role: 'leader' | 'follower' = 'leader') {
  const clock = createFakeClock();
  const recorder = createRecorder();
  const purger = createPurger({
    store: {
      purge,
      purgeOperations: async () => 0,
      tryLead: async () => role,
      reportCleanup: async () => {},
    },
    mayRun: async () => true,
    clock,
    emit: recorder.emit,
    retentionMs: RETENTION_MS,
    intervalMs: HOUR_MS,
  });
  return { clock, purger, recorder };
}

describe('the purger', () => {
  it('leaves the deleting to the leader', async () => {
    let calls = 0;
    const purge = async () => {
      calls += 1;
      return { deleted: 0, cursor: null };
    };
    const { clock, purger, recorder } = setUp(purge, 'follower');
    purger.start();
    await turns();
    await pass(clock, HOUR_MS);
    assert.equal(calls, 0);
    assert.deepEqual(recorder.events, []);
    await purger.stop();
  });

  it('deletes at the start, batch after batch, and then every interval', async () => {
    const answers: PurgeOutcome[] = [
      { deleted: 1_000, cursor: 'a' },
      { deleted: 0, cursor: 'b' },
      { deleted: 7, cursor: null },
    ];
    const calls: unknown[][] = [];
    const { clock, purger, recorder } = setUp(async (...args) => {
      calls.push(args);
      return answers.shift() ?? { deleted: 0, cursor: null };
    });
    const startedAtMs = clock.nowMs();
    purger.start();
    await turns();
    const beforeMs = startedAtMs - RETENTION_MS;
    assert.deepEqual(calls, [
      [beforeMs, 1_000, null],
      [beforeMs, 1_000, 'a'],
      [beforeMs, 1_000, 'b'],
    ]);
    assert.deepEqual(recorder.types(), ['cleanup.batch', 'cleanup.batch', 'cleanup.finished']);
    assert.equal(recorder.of('cleanup.finished')[0]!.deleted, 1_007);
    await pass(clock, HOUR_MS);
    assert.deepEqual(calls[3], [beforeMs + HOUR_MS, 1_000, null]);
    assert.equal(calls.length, 4);
  });

  it('tells of a store that fails, and tries again at the next interval', async () => {
    const error = new StoreError('STORE_IO', 'no');
    let calls = 0;
    const { clock, purger, recorder } = setUp(async () => {
      calls += 1;
      if (calls === 1) throw error;
      return { deleted: 1, cursor: null };
    });
    purger.start();
    await turns();
    assert.deepEqual(recorder.events, [{ type: 'store.failed', operation: 'purge', error }]);
    await pass(clock, HOUR_MS);
    assert.equal(recorder.of('cleanup.finished').length, 1);
  });

  it('ends between two batches when it is stopped', async () => {
    const answer = Promise.withResolvers<PurgeOutcome>();
    let calls = 0;
    const { clock, purger } = setUp(() => {
      calls += 1;
      return answer.promise;
    });
    purger.start();
    await turns();
    let stopped = false;
    const stop = Promise.resolve(purger.stop()).then(() => {
      stopped = true;
    });
    await turns();
    assert.equal(stopped, false, 'the batch under way is waited for');
    answer.resolve({ deleted: 1_000, cursor: 'more' });
    await stop;
    assert.equal(calls, 1);
    assert.equal(clock.pending(), 0);
  });
});

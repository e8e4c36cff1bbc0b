import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createFakeClock } from '../../testkit/fake-clock.ts';
import { StoreError } from '../domain/errors.ts';
import { settleDurably } from './settle-durably.ts';
import { aLeased, pass, turns } from './testing.ts';

const COMPLETED = { kind: 'completed' } as const;
const failing = () => Promise.reject(new StoreError('STORE_IO', 'disk on fire'));

/** @param answers by call, the last one for all that follow */
function setUp(...answers: (() => Promise<'settled' | 'lost'>)[]) {
  const clock = createFakeClock();
  const startedAtMs = clock.nowMs();
  const giveUp = new AbortController();
  const failures: Error[] = [];
  const calledAtMs: number[] = [];
  const outcomes: string[] = [];
  const settle = (_lease: unknown, _settlement: unknown, _attempt: unknown, nowMs: number) => {
    calledAtMs.push(nowMs - startedAtMs);
    return answers[Math.min(calledAtMs.length, answers.length) - 1]!();
  };
  const onFailure = (error: Error) => void failures.push(error);
  const parts = { store: { settle }, clock, giveUp: giveUp.signal, onFailure };
  settleDurably(parts, aLeased().lease, COMPLETED, null).then((outcome) => outcomes.push(outcome));
  return { clock, giveUp, failures, calledAtMs, outcomes };
}

describe('settleDurably', () => {
  it('passes on what the store answers', async () => {
    for (const outcome of ['settled', 'lost'] as const) {
      const { outcomes, failures, clock } = setUp(async () => outcome);
      await turns();
      assert.deepEqual(outcomes, [outcome]);
      assert.deepEqual(failures, []);
      assert.equal(clock.pending(), 0);
    }
  });

  it('goes on trying while the store fails, less and less often, and tells each time', async () => {
    const answers = [...Array.from({ length: 8 }, () => failing), async () => 'settled' as const];
    const { clock, calledAtMs, failures, outcomes } = setUp(...answers);
    await pass(clock, 60_000);
    assert.deepEqual(calledAtMs, [0, 100, 300, 700, 1_500, 3_100, 6_300, 11_300, 16_300]);
    assert.equal(failures.length, 8);
    assert.deepEqual(outcomes, ['settled']);
  });

  it('tries once more when told to give up, and then abandons', async () => {
    const { clock, giveUp, calledAtMs, outcomes } = setUp(failing);
    await pass(clock, 1_000);
    assert.equal(calledAtMs.length, 4);
    giveUp.abort();
    await turns();
    assert.deepEqual(outcomes, ['abandoned']);
    assert.equal(calledAtMs.length, 5);
    assert.equal(clock.pending(), 0);
  });

  it('abandons at once when the store is closed', async () => {
    const { outcomes, failures } = setUp(() => Promise.reject(new StoreError('STORE_CLOSED', 'closed')));
    await turns();
    assert.deepEqual(outcomes, ['abandoned']);
    assert.equal(failures.length, 1);
  });
});

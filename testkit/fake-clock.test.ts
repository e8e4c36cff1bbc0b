import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sleep } from '../src/runtime/clock.ts';
import { createFakeClock, FAKE_EPOCH_MS } from './fake-clock.ts';

test('time stands still until it is moved', async () => {
  const clock = createFakeClock();
  assert.equal(clock.nowMs(), FAKE_EPOCH_MS);
  await clock.advance(250);
  assert.equal(clock.nowMs(), FAKE_EPOCH_MS + 250);
  await clock.advanceTo(FAKE_EPOCH_MS + 1_000);
  assert.equal(clock.nowMs(), FAKE_EPOCH_MS + 1_000);
});

test('timers run in the order they are due, ties in the order they were set, each at its own time', async () => {
  const clock = createFakeClock(0);
  const ran: string[] = [];
  for (const [name, delayMs] of [
    ['c', 30],
    ['a', 10],
    ['b', 20],
    ['b2', 20],
    ['late', 41],
  ] as const) {
    clock.after(delayMs, () => ran.push(`${name}@${clock.nowMs()}`));
  }
  await clock.advance(40);
  assert.deepEqual(ran, ['a@10', 'b@20', 'b2@20', 'c@30']);
  assert.equal(clock.pending(), 1);
  assert.equal(clock.nextDueAtMs(), 41);
});

test('a negative delay is due now, and runs only when the clock is moved', async () => {
  const clock = createFakeClock(0);
  let ran = false;
  clock.after(-5, () => {
    ran = true;
  });
  assert.equal(ran, false);
  await clock.advance(0);
  assert.equal(ran, true);
});

test('a cancelled timer does not run', async () => {
  const clock = createFakeClock(0);
  const cancel = clock.after(10, () => assert.fail('was cancelled'));
  clock.after(5, cancel);
  await clock.advance(20);
  assert.equal(clock.pending(), 0);
  assert.equal(clock.nextDueAtMs(), null);
});

test('promises that a callback sets off finish before the next timer runs', async () => {
  const clock = createFakeClock(0);
  const steps: string[] = [];
  clock.after(1, async () => {
    for (let i = 0; i < 50; i++) await null;
    steps.push('first, to its end');
  });
  clock.after(1, () => steps.push('second'));
  await clock.advance(1);
  assert.deepEqual(steps, ['first, to its end', 'second']);
});

test('sleeping loops wake at each of their times within one advance', async () => {
  const clock = createFakeClock(0);
  const woke: number[] = [];
  const loop = (async () => {
    while (woke.length < 3) {
      await sleep(clock, 10);
      woke.push(clock.nowMs());
    }
  })();
  await clock.advance(100);
  await loop;
  assert.deepEqual(woke, [10, 20, 30]);
});

test('time does not go back', async () => {
  const clock = createFakeClock(100);
  await assert.rejects(clock.advanceTo(99), RangeError);
});

test('a timer that re-arms itself without waiting is reported instead of hanging the test', async () => {
  const clock = createFakeClock(0);
  const rearm = () => void clock.after(0, rearm);
  rearm();
  await assert.rejects(clock.advance(1), /re-arm/);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { STANDSTILL_MS, watchMovement, whileMoving } from './standstill.ts';

test('what moves now and then has not stopped, however long it takes', () => {
  let nowMs = 0;
  const movement = watchMovement(() => nowMs);
  for (let i = 0; i < 100; i++) {
    nowMs += STANDSTILL_MS;
    assert.equal(movement.hasStopped(), false);
    movement.moved();
  }
  nowMs += STANDSTILL_MS + 1;
  assert.equal(movement.hasStopped(), true);
});

test('work is waited for until nothing moves', async (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] });
  let hasStopped = false;
  const movement = { moved() {}, hasStopped: () => hasStopped };
  const work = Promise.withResolvers<string>();
  const waiting = whileMoving(work.promise, movement, () => 'the work');
  t.mock.timers.tick(STANDSTILL_MS * 10);
  work.resolve('done');
  assert.equal(await waiting, 'done');

  const stuck = whileMoving(new Promise(() => {}), movement, () => 'the work');
  hasStopped = true;
  t.mock.timers.tick(1_000);
  await assert.rejects(stuck, /the work: nothing moves any more/);
});

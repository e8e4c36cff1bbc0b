import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createSemaphore } from './semaphore.ts';

test('places are given out in the order of asking, as many as there are', async () => {
  const slots = createSemaphore(1);
  const order: string[] = [];
  const giveBack = await slots.take();
  const second = slots.take().then((end) => {
    order.push('second');
    return end;
  });
  const third = slots.take().then(() => order.push('third'));
  await null;
  assert.deepEqual(order, []);
  giveBack();
  giveBack();
  const end = await second;
  await null;
  assert.deepEqual(order, ['second'], 'one that is given back twice counts once');
  end();
  await third;
});

test('who is aborted leaves the line', async () => {
  const slots = createSemaphore(1);
  const giveBack = await slots.take();
  const controller = new AbortController();
  const reason = new Error('no more');
  const waiting = slots.take(controller.signal);
  const next = slots.take();
  controller.abort(reason);
  await assert.rejects(waiting, (thrown) => thrown === reason);
  await assert.rejects(slots.take(controller.signal), (thrown) => thrown === reason);
  giveBack();
  await next;
});

import assert from 'node:assert/strict';
import { it } from 'node:test';
import { createFakeClock } from '../../testkit/fake-clock.ts';
import { createPending } from './pending.ts';

it('waits for what is recorded later, and takes its failures', async () => {
  const pending = createPending(createFakeClock());
  const [one, other] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  pending.add(one.promise);
  pending.add(other.promise);
  let isSettled = false;
  const settled = pending.settle(1_000).then(() => {
    isSettled = true;
  });
  one.resolve();
  await Promise.resolve();
  assert.equal(isSettled, false);
  other.reject(new Error('the store is away'));
  await settled;
});

it('waits no longer than it may', async () => {
  const clock = createFakeClock();
  const pending = createPending(clock);
  pending.add(new Promise(() => {}));
  const settled = pending.settle(1_000);
  await clock.advance(1_000);
  await settled;
});

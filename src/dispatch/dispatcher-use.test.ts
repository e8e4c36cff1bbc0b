import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { Handler } from '../handlers/handler.ts';
import { aDestination, createManualHandler, openDispatch, turns } from './testing.ts';

const BILLING = aDestination({ name: 'billing', concurrency: 2 });

function open() {
  const first = createManualHandler();
  const unused: Handler[] = [];
  const rig = openDispatch([BILLING], { billing: first }, { onUnused: (handler) => unused.push(handler) });
  rig.dispatcher.start();
  return { ...rig, first, unused };
}

it('lets an attempt end with the handler and the rules that it began with', async () => {
  const { dispatcher, first, unused, accept, delivery, clock, pass } = open();
  const [begun] = await accept(1, 'billing');
  const second = createManualHandler();
  const slower = { ...BILLING, retry: { ...BILLING.retry, baseDelayMs: 30_000 } };
  dispatcher.use([slower], new Map([['billing', second]]));
  const [later] = await accept(1, 'billing');

  assert.deepEqual([first.calls.length, second.calls.length], [1, 1]);
  assert.deepEqual(unused, [], 'the first handler still works');
  const failedAtMs = clock.nowMs();
  first.calls[0]!.fail(new Error('down'));
  second.calls[0]!.fail(new Error('down'));
  await pass(0);
  assert.deepEqual(unused, [first], 'given up after its last attempt, and once');
  assert.equal((await delivery(begun!)).dueAtMs, failedAtMs + 2_000, 'the policy of its beginning');
  assert.equal((await delivery(later!)).dueAtMs, failedAtMs + 60_000, 'the new policy');
});

it('holds the concurrency of a destination across a replacement', async () => {
  const { dispatcher, first, accept } = open();
  await accept(3, 'billing');
  assert.equal(first.calls.length, 2);
  const second = createManualHandler();
  dispatcher.use([{ ...BILLING, concurrency: 1 }], new Map([['billing', second]]));
  await turns();
  first.calls[0]!.succeed();
  await turns();
  assert.equal(second.calls.length, 0, 'one is still at work');
  first.calls[1]!.succeed();
  await turns();
  assert.equal(second.calls.length, 1);
});

it('keeps deliveries of a removed destination pending, and takes them up when it is back', async () => {
  const { dispatcher, first, unused, accept, count } = open();
  await accept(3, 'billing');
  const other = createManualHandler();
  dispatcher.use([aDestination({ name: 'audit' })], new Map([['audit', other]]));
  for (const call of first.calls) call.succeed();
  await accept(1, 'audit');
  assert.equal(other.calls.length, 1, 'the new destination works');
  assert.equal(first.calls.length, 2, 'nothing more for the removed one');
  assert.equal(await count('pending'), 1);
  assert.deepEqual(unused, [first]);

  const again = createManualHandler();
  dispatcher.use([BILLING], new Map([['billing', again]]));
  await turns();
  assert.equal(again.calls.length, 1);
});

it('keeps a handler that the new configuration has too', async () => {
  const { dispatcher, first, unused, accept } = open();
  await accept(1, 'billing');
  dispatcher.use([{ ...BILLING, timeoutMs: 1 }], new Map([['billing', first]]));
  first.calls[0]!.succeed();
  await accept(1, 'billing');
  assert.equal(first.calls.length, 2);
  assert.deepEqual(unused, []);
});

it('runs what a claim brings under the configuration in effect when the claim began', async () => {
  const { dispatcher, first, unused, accept, store } = open();
  const held = Promise.withResolvers<void>();
  const { claim } = store;
  store.claim = (async (request) => {
    const outcome = await claim(request);
    await held.promise;
    return outcome;
  }) as typeof claim;
  await accept(1, 'billing');
  dispatcher.use([], new Map());
  assert.deepEqual(unused, []);
  held.resolve();
  await turns();
  assert.equal(first.calls.length, 1);
  first.calls[0]!.succeed();
  await turns();
  assert.deepEqual(unused, [first]);
});

it('never has more work than workers, whatever a removed destination still does', async () => {
  const { dispatcher, first, accept } = open();
  const wide = { ...BILLING, concurrency: 10 };
  dispatcher.use([wide], new Map([['billing', first]]));
  await accept(10, 'billing');
  assert.equal(first.calls.length, 10);
  const other = createManualHandler();
  dispatcher.use([aDestination({ name: 'audit' })], new Map([['audit', other]]));
  await accept(10, 'audit');
  assert.equal(other.calls.length, 0, 'all ten workers are still busy');
  for (let freed = 1; freed <= 10; freed++) {
    first.calls[freed - 1]!.succeed();
    await turns();
    assert.equal(other.calls.length, freed);
  }
});

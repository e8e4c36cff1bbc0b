import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Cancellation } from './cancellation.ts';

test('a cancellation calls its listener once, and keeps its first reason', () => {
  const cancel = new Cancellation();
  let calls = 0;
  cancel.listen(() => {
    calls += 1;
  });
  assert.equal(cancel.isCancelled, false);
  cancel.cancel('first');
  cancel.cancel('second');
  assert.deepEqual([cancel.isCancelled, cancel.reason, calls], [true, 'first', 1]);
});

test('a cancellation that nobody listens to any more is still known', () => {
  const cancel = new Cancellation();
  cancel.listen(() => assert.fail('does not listen'));
  cancel.listen(null);
  cancel.cancel(undefined);
  assert.equal(cancel.isCancelled, true);
});

test('a signal that is asked for after its abort is aborted, with the first reason', () => {
  const cancel = new Cancellation();
  cancel.cancel('first');
  cancel.cancel('second');
  assert.deepEqual([cancel.signal.aborted, cancel.signal.reason, cancel.isCancelled], [true, 'first', true]);
});

test('a signal that is asked for before its abort tells its listeners', () => {
  const cancel = new Cancellation();
  const seen: unknown[] = [];
  const asked = cancel.signal;
  asked.addEventListener('abort', () => seen.push(asked.reason));
  cancel.cancel('why');
  assert.deepEqual(seen, ['why']);
  assert.equal(cancel.signal, asked);
});

import assert from 'node:assert/strict';
import test from 'node:test';
import { createSignal } from './signal.ts';

test('a signal reaches its listeners, in the order of listening', () => {
  const signal = createSignal<[name: string]>();
  const heard: string[] = [];
  signal.raise('nobody');
  signal.listen((name) => heard.push(`first ${name}`));
  signal.listen((name) => heard.push(`second ${name}`));
  signal.raise('all');
  assert.deepEqual(heard, ['first all', 'second all']);
});

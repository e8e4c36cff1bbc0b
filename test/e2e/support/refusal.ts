import assert from 'node:assert/strict';
import type { Exit } from '../../../testkit/receiver-process.ts';

/** A start that was refused: status 1, one clear message, no stack, and nothing that looks like a crash in the log. */
export function assertRefusal({ code, stdout, stderr }: Exit, message: RegExp, what = 'start'): void {
  assert.equal(code, 1, what);
  assert.match(stderr, message, what);
  assert.doesNotMatch(stderr, /^\s+at /m, what);
  assert.doesNotMatch(stderr, /Warning|Error:/, what);
  assert.equal(stderr.split('\n').filter((line) => /^\S/.test(line)).length, 1, `one message: ${stderr}`);
  assert.equal(stdout, '', what);
}

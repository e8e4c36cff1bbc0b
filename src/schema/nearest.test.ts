import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { nearest } from './nearest.ts';

const KEYS = ['url', 'handler', 'sources', 'events', 'concurrency', 'timeoutSeconds', 'headers', 'retry'];

describe('the nearest word', () => {
  const slips = {
    URL: 'url',
    handlers: 'handler',
    header: 'headers',
    event: 'events',
    timeoutMs: 'timeoutSeconds',
    timeout: 'timeoutSeconds',
    retries: 'retry',
  };
  for (const [word, meant] of Object.entries(slips)) {
    it(`to ${word} is ${meant}`, () => assert.equal(nearest(word, KEYS), meant));
  }

  it('is none when nothing is like it', () => {
    assert.equal(nearest('xyz', KEYS), null);
    assert.equal(nearest('anything', []), null);
  });
});

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { connectionAgeMs } from './connect.ts';

describe('the age at which connections are replaced', () => {
  it('is between 45 and 60 seconds, and differs for those that were made together', () => {
    const ages = Array.from({ length: 10 }, (_, number) => connectionAgeMs(number)).toSorted((a, b) => a - b);
    assert.ok(ages[0]! >= 45_000 && ages.at(-1)! <= 60_000);
    for (const [at, age] of ages.entries()) {
      if (at > 0) assert.ok(age - ages[at - 1]! > 500, 'two are replaced at the same time');
    }
  });
});

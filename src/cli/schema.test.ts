import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { describeSchema } from './schema.ts';

const CURRENT = { version: 5, known: 5, compatibleFrom: 1, role: 'app', lacking: [] };

describe('what schema check says', () => {
  for (const [state, isReady, text] of [
    [CURRENT, true, /^version 5 is current, and the role app has the rights/],
    [
      { ...CURRENT, version: 7, compatibleFrom: 4 },
      true,
      /^version 7 is newer than this program's 5, on which it works/,
    ],
    [
      { ...CURRENT, version: 7, compatibleFrom: 6 },
      false,
      /^version 7 takes a program that knows version 6, this one knows 5/,
    ],
    [
      { ...CURRENT, version: 4 },
      false,
      /^version 4, this program needs version 5: run .* apply --grant-to app/,
    ],
    [
      { ...CURRENT, version: null },
      false,
      /^the role app may not read the schema: run .* apply --grant-to app/,
    ],
    [{ ...CURRENT, lacking: ['audit', 'events'] }, false, /^the role app lacks rights on audit, events: run/],
  ] as const) {
    it(text.source, () => {
      const described = describeSchema(state);
      assert.equal(described.isReady, isReady);
      assert.match(described.text, text);
    });
  }
});

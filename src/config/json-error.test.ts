import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { findJsonError } from './json-error.ts';

const parses = (text: string) => {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
};

describe('a mistake in JSON', () => {
  const cases = [
    ['{\n  "a": 1,\n}', 3, 1, '"}"'],
    ['{"a": }', 1, 7, '"}"'],
    ['{"a" 1}', 1, 6, '"1"'],
    ['[1 2]', 1, 4, '"2"'],
    ['[1,]', 1, 4, '"]"'],
    ['[1}', 1, 3, '"}"'],
    ["{'a': 1}", 1, 2, '"\'"'],
    ['// no\n{}', 1, 1, '"/"'],
    ['{} {}', 1, 4, '"{"'],
    ['01', 1, 2, '"1"'],
    ['{"secret": "whsec_abc', 1, 12, '"\\""'],
    ['{\r\n"a": tru}', 2, 6, '"t"'],
    ['[', 1, 2, 'the end of the file'],
    ['', 1, 1, 'the end of the file'],
    ['[😀]', 1, 2, '"😀"'],
  ] as const;
  for (const [text, line, column, found] of cases) {
    it(`in ${JSON.stringify(text)} is at line ${line}, position ${column}`, () => {
      assert.deepEqual(findJsonError(text), { line, column, found });
    });
  }

  it('is found exactly where JSON.parse finds one', () => {
    const mutated = fc
      .tuple(
        fc.json(),
        fc.nat(),
        fc.constantFrom('', '"', '\\', ',', ':', '{', '}', '[', ']', '0', '-', 'e', '\n', '\u0001'),
      )
      .map(([json, at, put]) => {
        const cut = at % (json.length + 1);
        return json.slice(0, cut) + put + json.slice(cut + 1);
      });
    fc.assert(
      fc.property(mutated, (text) => assert.equal(findJsonError(text) === null, parses(text))),
      { numRuns: 2000, seed: 1 },
    );
  });

  it('is found in deep and in large texts', () => {
    assert.equal(findJsonError('['.repeat(200_000))?.column, 200_001);
    assert.equal(findJsonError(`"${'x'.repeat(5_000_000)}`)?.column, 1);
    assert.equal(findJsonError(`"${'\\n'.repeat(500_000)}"`), null);
  });
});

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { printable, printableJson, printableLines } from './printable.ts';

const HOSTILE = 'a\r\nb\u001b[31mc\u009b2Jd\u202ee\u2066f\u2028g\u007fh\u200fi\ufeffj\ud800k\tl';

describe('printable', () => {
  it('escapes control characters, bidirectional ones and line separators', () => {
    assert.equal(
      printable(HOSTILE),
      'a\\r\\nb\\u001b[31mc\\u009b2Jd\\u202ee\\u2066f\\u2028g\\u007fh\\u200fi\\ufeffj\\ud800k\\tl',
    );
  });

  it('leaves everything that is shown as it is', () => {
    const text = 'Grüße, 世界 שלום 👩‍💻 \\n "x"';
    assert.equal(printable(text), text);
  });

  it('keeps line breaks alone in texts of several lines', () => {
    assert.equal(printableLines('a\nb\rc'), 'a\nb\\rc');
  });

  it('keeps the value of JSON', () => {
    const json = printableJson(JSON.stringify({ [HOSTILE]: [HOSTILE] }, null, 2));
    assert.doesNotMatch(json.replaceAll('\n', ''), /[\p{Cc}\p{Bidi_Control}\u2028\u2029\ufeff]/u);
    assert.deepEqual(JSON.parse(json), { [HOSTILE]: [HOSTILE] });
  });
});

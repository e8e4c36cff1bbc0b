import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { RESPONSE_EXCERPT_BYTES } from '../domain/attempt.ts';
import { excerptOf } from './excerpt.ts';

/** The excerpt of a body of these bytes, of which a client keeps the beginning. */
const excerpt = (body: Uint8Array) =>
  excerptOf(body.subarray(0, RESPONSE_EXCERPT_BYTES), body.length <= RESPONSE_EXCERPT_BYTES);

test('gives the whole of a short body, and null for none', () => {
  assert.equal(excerpt(Buffer.from('small')), 'small');
  assert.equal(excerpt(new Uint8Array()), null);
});

test('cuts between characters', () => {
  const text = 'x'.repeat(RESPONSE_EXCERPT_BYTES - 1);
  assert.equal(excerpt(Buffer.from(`${text}€ and more`)), text);
  // Three of its four bytes are as long as the U+FFFD that a decoder makes of them.
  const emoji = 'x'.repeat(RESPONSE_EXCERPT_BYTES - 3);
  assert.equal(excerpt(Buffer.from(`${emoji}\u{1f600}`)), emoji);
});

test('replaces control characters and bytes that are not UTF-8', () => {
  assert.equal(excerpt(Buffer.from('a\0b\x1b[31m\tc\r\n\x7f')), 'a\uFFFDb\uFFFD[31m\tc\r\n\uFFFD');
  assert.equal(excerpt(Buffer.from([0x61, 0xff, 0xc3])), 'a\uFFFD\uFFFD');
});

test('never exceeds its bytes, and gives text back as it was', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', maxLength: 600 }), (whole) => {
      const bytes = Buffer.from(whole);
      const text = excerpt(bytes) ?? '';
      assert.ok(whole.startsWith(text));
      assert.ok(Buffer.byteLength(text) > Math.min(bytes.length, RESPONSE_EXCERPT_BYTES) - 4);
      assert.ok(Buffer.byteLength(text) <= RESPONSE_EXCERPT_BYTES);
    }),
  );
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1000, maxLength: 1500 }), (bytes) => {
      assert.ok(Buffer.byteLength(excerpt(bytes) ?? '') <= RESPONSE_EXCERPT_BYTES);
    }),
  );
});

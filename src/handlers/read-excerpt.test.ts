import assert from 'node:assert/strict';
import { PassThrough, Readable } from 'node:stream';
import test from 'node:test';
import fc from 'fast-check';
import { createFakeClock } from '../../testkit/fake-clock.ts';
import { RESPONSE_EXCERPT_BYTES } from '../domain/attempt.ts';
import { DRAIN_LIMIT_BYTES, readExcerpt } from './read-excerpt.ts';

const clock = createFakeClock();
const read = (...chunks: Uint8Array[]) => readExcerpt(Readable.from(chunks), clock, 1000);

test('gives the whole of a short body, and null for none', async () => {
  assert.equal(await read(Buffer.from('sm'), Buffer.from('all')), 'small');
  assert.equal(await read(), null);
});

test('puts a character together that two chunks share', async () => {
  const bytes = Buffer.from('a€b');
  assert.equal(await read(bytes.subarray(0, 2), bytes.subarray(2)), 'a€b');
});

test('cuts between characters', async () => {
  const text = 'x'.repeat(RESPONSE_EXCERPT_BYTES - 1);
  assert.equal(await read(Buffer.from(`${text}€ and more`)), text);
  // Three of its four bytes are as long as the U+FFFD that a decoder makes of them.
  const emoji = 'x'.repeat(RESPONSE_EXCERPT_BYTES - 3);
  assert.equal(await read(Buffer.from(`${emoji}\u{1f600}`)), emoji);
});

test('replaces control characters and what is not UTF-8', async () => {
  assert.equal(await read(Buffer.from('a\0b\x1b[31m\tc\r\n\x7f')), 'a\uFFFDb\uFFFD[31m\tc\r\n\uFFFD');
  assert.equal(await read(Buffer.from([0x61, 0xff, 0xc3])), 'a\uFFFD\uFFFD');
});

test('never exceeds its bytes, and gives text back as it was, in chunks of any size', async () => {
  const text = fc.string({ unit: 'grapheme', maxLength: 600 });
  const property = fc.asyncProperty(text, fc.integer({ min: 1, max: 700 }), async (whole, size) => {
    const bytes = Buffer.from(whole);
    const chunks: Uint8Array[] = [];
    for (let at = 0; at < bytes.length; at += size) chunks.push(bytes.subarray(at, at + size));
    const excerpt = (await read(...chunks)) ?? '';
    assert.ok(whole.startsWith(excerpt));
    assert.ok(Buffer.byteLength(excerpt) > Math.min(bytes.length, RESPONSE_EXCERPT_BYTES) - 4);
    assert.ok(Buffer.byteLength(excerpt) <= RESPONSE_EXCERPT_BYTES);
  });
  await fc.assert(property);
  const garbage = fc.asyncProperty(fc.uint8Array({ minLength: 1000, maxLength: 1500 }), async (bytes) => {
    assert.ok(Buffer.byteLength((await read(bytes)) ?? '') <= RESPONSE_EXCERPT_BYTES);
  });
  await fc.assert(garbage);
});

test('reads a body of moderate length to its end, and destroys a longer one', async () => {
  const moderate = Readable.from(Array(4).fill(Buffer.alloc(DRAIN_LIMIT_BYTES / 4)));
  await readExcerpt(moderate, clock, 1000);
  assert.equal(moderate.readableEnded, true);
  let poured = 0;
  const endless = new Readable({ read: () => endless.push(Buffer.alloc(8192, 'x')) && poured++ });
  assert.equal((await readExcerpt(endless, clock, 1000))?.length, RESPONSE_EXCERPT_BYTES);
  assert.equal(endless.destroyed, true);
  assert.ok(poured * 8192 < DRAIN_LIMIT_BYTES * 2, `${poured} chunks`);
});

test('keeps what came before the body broke or stalled, and leaves no timer', async () => {
  const broken = new PassThrough();
  broken.write('begun');
  const fromBroken = readExcerpt(broken, clock, 1000);
  setImmediate(() => broken.destroy(new Error('reset')));
  assert.equal(await fromBroken, 'begun');
  assert.equal(clock.pending(), 0);

  const stalled = new PassThrough();
  stalled.write('begun');
  const fromStalled = readExcerpt(stalled, clock, 1000);
  await clock.advance(999);
  assert.equal(stalled.destroyed, false);
  await clock.advance(1);
  assert.equal(await fromStalled, 'begun');
  assert.equal(stalled.destroyed, true);
  assert.equal(clock.pending(), 0);
});

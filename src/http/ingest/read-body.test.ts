import assert from 'node:assert/strict';
import type { IncomingMessage } from 'node:http';
import { PassThrough } from 'node:stream';
import { describe, it } from 'node:test';
import { collectGarbage } from '../../../testkit/collect-garbage.ts';
import { type BodyOutcome, readBody, releaseBody } from './read-body.ts';

function startReading(maxBodyBytes = 1_000_000, maxBytesInFlight = maxBodyBytes) {
  const stream = new PassThrough();
  const budget = { maxBytesInFlight, bytesInFlight: 0 };
  const outcome = new Promise<BodyOutcome>((resolve) => {
    readBody(stream as unknown as IncomingMessage, budget, maxBodyBytes, resolve);
  });
  return { stream, budget, outcome };
}

function bytesOf(outcome: BodyOutcome): Buffer {
  assert.equal(outcome.kind, 'body');
  return Buffer.from((outcome as { body: Uint8Array }).body);
}

describe('reading a body', () => {
  it('puts its chunks together, whatever their sizes', async () => {
    for (const sizes of [
      [],
      [5],
      [1, 1, 1],
      [3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5],
      [70_000, 1, 70_000],
      [1, 400_000],
    ]) {
      const chunks = sizes.map((size, i) => Buffer.alloc(size, i + 1));
      const { stream, budget, outcome } = startReading();
      for (const chunk of chunks) stream.write(chunk);
      stream.end();
      const body = bytesOf(await outcome);
      assert.ok(body.equals(Buffer.concat(chunks)), `chunks of ${sizes}`);
      assert.equal(budget.bytesInFlight, body.length);
      releaseBody(budget, body);
      assert.equal(budget.bytesInFlight, 0);
    }
  });

  it('leaves the chunks as they are: they may be parts of a larger buffer', async () => {
    const block = Buffer.from('abcdef');
    const { stream, outcome } = startReading();
    stream.write(block.subarray(0, 2));
    stream.end(Buffer.from('XY'));
    assert.equal(bytesOf(await outcome).toString(), 'abXY');
    assert.equal(block.toString(), 'abcdef');
  });

  it('costs the memory that its bytes need, even if each comes in a chunk of its own', async () => {
    const heldNow = heldBytes();
    const { stream, outcome } = startReading();
    const count = 200_000;
    for (let i = 0; i < count; i += 1000) {
      for (let j = 0; j < 1000; j++) stream.write(Buffer.from('x'));
      await new Promise((resolve) => setImmediate(resolve));
    }
    const held = heldBytes() - heldNow;
    stream.end();
    assert.equal(bytesOf(await outcome).length, count);
    assert.ok(held < 20 * count, `${held} bytes are held for ${count}`);
  });

  it('stops at the limit, and at the budget of all bodies together', async () => {
    for (const [limits, kind] of [
      [[10, 100], 'too_large'],
      [[100, 10], 'overloaded'],
    ] as const) {
      const { stream, budget, outcome } = startReading(...limits);
      stream.write(Buffer.alloc(10));
      stream.write(Buffer.alloc(1));
      assert.equal((await outcome).kind, kind);
      assert.equal(budget.bytesInFlight, 0);
      assert.ok(stream.isPaused());
    }
  });

  it('tells when the sender went away, and gives back what it had', async () => {
    const { stream, budget, outcome } = startReading();
    stream.write(Buffer.alloc(10));
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(budget.bytesInFlight, 10);
    stream.destroy(new Error('aborted'));
    assert.deepEqual(await outcome, { kind: 'aborted' });
    assert.equal(budget.bytesInFlight, 0);
  });
});

/** What is reachable, and so cannot be freed. */
function heldBytes(): number {
  collectGarbage();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

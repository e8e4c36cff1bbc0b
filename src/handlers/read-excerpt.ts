import type { Readable } from 'node:stream';
import { RESPONSE_EXCERPT_BYTES } from '../domain/attempt.ts';
import type { Clock } from '../runtime/clock.ts';
import { printable } from './printable.ts';

/** A body up to this size is read to its end so that the connection can be reused; beyond it a new one is cheaper. */
export const DRAIN_LIMIT_BYTES = 64 * 1024;

/**
 * Reads the beginning of a response body as text. A small body is then read to its end, a longer one is destroyed with
 * its connection. Never throws and never waits longer than `waitMs`: the status has decided the result, so a body that
 * breaks off, stalls or does not end only shortens the excerpt.
 * @returns at most RESPONSE_EXCERPT_BYTES of UTF-8, cut between characters; null for an empty body
 */
export async function readExcerpt(body: Readable, clock: Clock, waitMs: number): Promise<string | null> {
  const cancelDeadline = clock.after(waitMs, () => body.destroy());
  const { bytes, complete } = await readBeginning(body);
  cancelDeadline();
  return bytes.length === 0 ? null : excerptOf(bytes, complete);
}

async function readBeginning(body: Readable): Promise<{ bytes: Uint8Array; complete: boolean }> {
  // A destroyed body emits an error, which would end the process if it came after the iteration.
  body.on('error', () => {});
  const kept: Uint8Array[] = [];
  let readBytes = 0;
  let complete = false;
  try {
    for await (const chunk of body as AsyncIterable<Uint8Array>) {
      if (readBytes < RESPONSE_EXCERPT_BYTES)
        kept.push(chunk.subarray(0, RESPONSE_EXCERPT_BYTES - readBytes));
      readBytes += chunk.length;
      if (readBytes > DRAIN_LIMIT_BYTES) break;
    }
    complete = readBytes <= RESPONSE_EXCERPT_BYTES;
  } catch {
    // The body broke off. What has arrived is the excerpt.
  }
  return { bytes: Buffer.concat(kept), complete };
}

/** Bytes that are not UTF-8 become U+FFFD, which is longer, so the text is cut again. */
function excerptOf(bytes: Uint8Array, complete: boolean): string {
  // In stream mode the decoder omits a character that the cut has split.
  const text = printable(new TextDecoder().decode(bytes, { stream: !complete }));
  const { read } = new TextEncoder().encodeInto(text, new Uint8Array(RESPONSE_EXCERPT_BYTES));
  return text.slice(0, read);
}

import { RESPONSE_EXCERPT_BYTES } from '../domain/attempt.ts';
import { printable } from './printable.ts';

/**
 * Makes the excerpt of an answer's body that is kept with the attempt.
 * @param bytes the beginning of the body
 * @param isWhole whether that is all of it
 * @returns at most RESPONSE_EXCERPT_BYTES of UTF-8, cut between characters; null for an empty body
 */
export function excerptOf(bytes: Uint8Array, isWhole: boolean): string | null {
  if (bytes.length === 0) return null;
  // In stream mode the decoder omits a character that the cut has split.
  const text = printable(new TextDecoder().decode(bytes, { stream: !isWhole }));
  // Bytes that are not UTF-8 become U+FFFD, which is longer, so the text is cut again.
  const { read } = new TextEncoder().encodeInto(text, new Uint8Array(RESPONSE_EXCERPT_BYTES));
  return text.slice(0, read);
}

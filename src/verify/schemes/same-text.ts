import { timingSafeEqual } from 'node:crypto';

/** Compares in a time that tells nothing of where they differ, only whether their lengths do. */
export function sameText(given: string, expected: string): boolean {
  // Lengths in characters decide first; the bytes may still be more of them.
  if (given.length !== expected.length) return false;
  return sameBytes(Buffer.from(given, 'utf8'), Buffer.from(expected, 'utf8'));
}

export function sameBytes(given: Uint8Array, expected: Uint8Array): boolean {
  return given.length === expected.length && timingSafeEqual(given, expected);
}

import { timingSafeEqual } from 'node:crypto';

/** Compares in constant time for texts of equal length. */
export function sameText(given: string, expected: string): boolean {
  // Equal lengths in characters may still be different lengths in bytes.
  if (given.length !== expected.length) return false;
  return sameBytes(Buffer.from(given, 'utf8'), Buffer.from(expected, 'utf8'));
}

export function sameBytes(given: Uint8Array, expected: Uint8Array): boolean {
  return given.length === expected.length && timingSafeEqual(given, expected);
}

/**
 * A pause that doubles: `firstMs` after the first failure, twice that after the second, up to `longestMs`.
 * @param failures consecutive failures, 1 or more
 */
export function pauseAfter(failures: number, firstMs: number, longestMs: number): number {
  return Math.min(firstMs * 2 ** (failures - 1), longestMs);
}

import { hash } from 'node:crypto';

/*
 * Keys that are marks. All events of a mark have keys of their own, so that a key stays unique in its source: the mark
 * itself, then `<mark>~2`, `<mark>~3`. The newest event of a mark has its digest among the replay marks.
 */

const DIGEST_BYTES = 16;

/** The digest by which the newest event of a mark is found. Different from that of any replay mark. */
export function keyDigest(mark: string): Uint8Array {
  return hash('sha256', `key\0${mark}`, 'buffer').subarray(0, DIGEST_BYTES);
}

/** The digests of an event's marks as one column holds them, or null: that of the replay mark, then that of the key. */
export function joinDigests(replay: Uint8Array | null, key: Uint8Array | null): Buffer | null {
  const digests = [replay, key].filter((digest) => digest !== null);
  return digests.length === 0 ? null : Buffer.concat(digests);
}

/** The key that follows `key`, which is the mark or one of its later keys. */
export function keyAfter(mark: string, key: string): string {
  return keyNumbered(mark, numberOfKey(mark, key) + 1);
}

/** The key of a later event of the mark, from the second on. */
export function keyNumbered(mark: string, number: number): string {
  return `${mark}~${number}`;
}

/** The one with the greatest number among keys of the mark; other keys are ignored. */
export function newestKey(mark: string, keys: readonly string[]): string {
  return keys.reduce(
    (newest, key) => (numberOfKey(mark, key) > numberOfKey(mark, newest) ? key : newest),
    mark,
  );
}

/** All keys of a mark but the mark itself lie behind the first and before the second in the order of bytes. */
export function laterKeys(mark: string): readonly [from: string, to: string] {
  return [`${mark}~`, `${mark}~:`];
}

/** The number of a key among those of the mark, from 1; 0 for another key. */
export function numberOfKey(mark: string, key: string): number {
  if (key === mark) return 1;
  const digits = key.startsWith(`${mark}~`) ? key.slice(mark.length + 1) : '';
  return /^[1-9]\d{0,14}$/.test(digits) ? Number(digits) : 0;
}

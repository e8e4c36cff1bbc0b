import { hash } from 'node:crypto';
import type { Row, Side, Value } from './inbox-copy.ts';

const NULL = 0;
const INTEGER = 1;
const TEXT = 2;
const BYTES = 3;

const SHA256_WORDS = 8;
const FIRST_SCRATCH_BYTES = 64 * 1024;

/**
 * The digest of a set of rows: the sum of their SHA-256 modulo 2^256. So each database may read the rows in the order of
 * its own indexes, and a row that is missing, duplicate or different by a bit still changes the digest.
 *
 * Each value of a row is encoded as a tag and its content, so that no two rows have the same encoding: null (0); an
 * integer (1) as 64 bits; a text (2) in UTF-8 and bytes (3), each after its length in 32 bits. All big-endian.
 */
export class RowDigest {
  #rows = 0;
  readonly #sum = new Uint32Array(SHA256_WORDS);
  #scratch = Buffer.allocUnsafe(FIRST_SCRATCH_BYTES);

  add(row: Row): void {
    let end = 0;
    for (const value of row) end = this.#encode(value, end);
    this.#addDigest(hash('sha256', this.#scratch.subarray(0, end), 'buffer'));
    this.#rows += 1;
  }

  result(): Side {
    const hex = [...this.#sum].map((word) => word.toString(16).padStart(8, '0'));
    return { rows: this.#rows, sha256: hex.join('') };
  }

  #addDigest(digest: Buffer): void {
    let carry = 0;
    for (let at = SHA256_WORDS - 1; at >= 0; at--) {
      const word = this.#sum[at]! + digest.readUInt32BE(at * 4) + carry;
      this.#sum[at] = word;
      carry = word > 0xffffffff ? 1 : 0;
    }
  }

  /** @returns where the encoding of the value ends */
  #encode(value: Value, start: number): number {
    const scratch = this.#room(start, value);
    if (value === null) return scratch.writeUInt8(NULL, start);
    if (typeof value === 'number') {
      return scratch.writeBigInt64BE(BigInt(value), scratch.writeUInt8(INTEGER, start));
    }
    const isText = typeof value === 'string';
    const lengthAt = scratch.writeUInt8(isText ? TEXT : BYTES, start);
    const valueAt = lengthAt + 4;
    if (!isText) scratch.set(value, valueAt);
    const length = isText ? scratch.write(value, valueAt) : value.length;
    scratch.writeUInt32BE(length, lengthAt);
    return valueAt + length;
  }

  /** The scratch, enlarged if the value might not fit; a UTF-16 code unit takes at most 3 bytes. */
  #room(start: number, value: Value): Buffer {
    const most =
      start + 9 + (typeof value === 'string' ? 3 * value.length : (value as Uint8Array)?.length || 0);
    if (most > this.#scratch.length) {
      const larger = Buffer.allocUnsafe(2 * most);
      this.#scratch.copy(larger, 0, 0, start);
      this.#scratch = larger;
    }
    return this.#scratch;
  }
}

import { randomFillSync } from 'node:crypto';

/** The only source of randomness. */
export interface Random {
  /** Uniform in [0, 1). */
  next(): number;
  /** Fills with random bytes. */
  fill(bytes: Uint8Array): void;
}

/** Random bytes are drawn in blocks: a system call for each event would cost more than parsing the event. */
const POOL_BYTES = 16 * 1024;

export function createSystemRandom(): Random {
  const pool = Buffer.alloc(POOL_BYTES);
  let used = POOL_BYTES;
  return {
    next: () => Math.random(),
    fill(bytes) {
      if (bytes.length > POOL_BYTES) {
        randomFillSync(bytes);
        return;
      }
      if (used + bytes.length > POOL_BYTES) {
        randomFillSync(pool);
        used = 0;
      }
      bytes.set(pool.subarray(used, used + bytes.length));
      used += bytes.length;
    },
  };
}

import { createHmac, createSecretKey, randomBytes } from 'node:crypto';
import { keyDigest, numberOfKey } from './marked-key.ts';

/*
 * The names of erased events: their keys and marks as hashes with a secret of the inbox. Without the secret nobody can
 * tell from a hash, by trying what it may have been, whether an event was there.
 */

const HASH_BYTES = 16;
const SECRET_BYTES = 32;

export type HashNames = Readonly<{
  ofKey(source: string, idempotencyKey: string): Buffer;
  /** As long as the digest of a mark, whose place it takes. */
  ofMark(source: string, digest: Uint8Array): Buffer;
}>;

export function createHashNames(secret: Uint8Array): HashNames {
  // A key of bytes is prepared anew by every call, which costs more than the hash.
  const secretKey = createSecretKey(secret);
  const hash = (kind: 'key' | 'mark', source: string, name: string | Uint8Array) =>
    createHmac('sha256', secretKey)
      .update(`${kind}\0${source}\0`)
      .update(name)
      .digest()
      .subarray(0, HASH_BYTES);
  return {
    ofKey: (source, idempotencyKey) => hash('key', source, idempotencyKey),
    ofMark: (source, digest) => hash('mark', source, digest),
  };
}

/** A secret for an inbox that has none. It must be unguessable, and no run of the program may repeat it. */
export function newSecret(): Buffer {
  return randomBytes(SECRET_BYTES);
}

/** The digests of an event's marks, from the one column that has them. */
export function splitDigests(joined: Uint8Array | null): readonly Uint8Array[] {
  const length = joined?.length ?? 0;
  return Array.from({ length: length / HASH_BYTES }, (_, at) =>
    joined!.subarray(at * HASH_BYTES, (at + 1) * HASH_BYTES),
  );
}

/** The column for an erased event: its digests hashed, in their order. */
export function hashDigests(names: HashNames, source: string, joined: Uint8Array | null): Buffer | null {
  if (joined === null) return null;
  return Buffer.concat(splitDigests(joined).map((digest) => names.ofMark(source, digest)));
}

/** What a key is made of: a mark and its number in it, or the key alone, which has number 1. */
export type KeyParts = Readonly<{ name: string; number: number }>;

/** @param digests of the event's marks, which say whether the key was made by a mark */
export function keyPartsOf(idempotencyKey: string, digests: Uint8Array | null): KeyParts {
  const parts = laterKeyParts(idempotencyKey);
  if (parts === null || !hasMark(parts.name, digests)) return { name: idempotencyKey, number: 1 };
  return parts;
}

/** The parts of a text that may be the later key of a mark; null if it cannot be one. */
export function laterKeyParts(idempotencyKey: string): KeyParts | null {
  const name = idempotencyKey.slice(0, Math.max(0, idempotencyKey.lastIndexOf('~')));
  const number = numberOfKey(name, idempotencyKey);
  return number > 1 ? { name, number } : null;
}

function hasMark(mark: string, digests: Uint8Array | null): boolean {
  const own = keyDigest(mark);
  return splitDigests(digests).some((digest) => Buffer.compare(digest, own) === 0);
}

import { createHash, hash } from 'node:crypto';
import { LazyJson } from './lazy-json.ts';

/**
 * SHA-256 (hex) of a JSON document without the members at the paths; a part `*` is each item of an array. The document is
 * written anew, so that white space does not count and the order of members does.
 * @returns a list of one text, or null if the document is no object or array
 */
export function hashWithout(root: unknown, paths: readonly (readonly string[])[]): readonly string[] | null {
  if (typeof root !== 'object' || root === null) return null;
  if (root instanceof LazyJson) return [hashOfPieces(root.bytesWithout(paths))];
  try {
    const rest = paths.reduce<unknown>((value, path) => omit(value, path), root);
    return [hash('sha256', JSON.stringify(rest, writeLongNumber), 'hex')];
  } catch (error) {
    // A document can be nested deeper than the writer's stack.
    if (error instanceof RangeError) return null;
    throw error;
  }
}

/** A large document is hashed as it was sent: a retry repeats its bytes. */
function hashOfPieces(pieces: readonly Uint8Array[]): string {
  const digest = createHash('sha256');
  for (const piece of pieces) digest.update(piece);
  return digest.digest('hex');
}

function writeLongNumber(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? `${value}n` : value;
}

function omit(value: unknown, [part, ...rest]: readonly string[]): unknown {
  if (part === '*') return Array.isArray(value) ? value.map((item) => omit(item, rest)) : value;
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  if (part === undefined || !Object.hasOwn(value, part)) return value;
  // By entries: a member that is called __proto__ stays a member.
  const entries = Object.entries(value).flatMap(([name, member]): [string, unknown][] => {
    if (name !== part) return [[name, member]];
    return rest.length === 0 ? [] : [[name, omit(member, rest)]];
  });
  return Object.fromEntries(entries);
}

import { isUtf8 } from 'node:buffer';
import { readLazyJson } from './lazy-json.ts';

/** Enough digits that a JavaScript number may be inexact, where a JSON number can stand. */
const LONG_NUMBER = /(?:^|[[:,\s])-?\d{16}/;

/**
 * Parses JSON; undefined if the text is not JSON. Integers beyond 2^53 become bigint: two ids that differ in their last
 * digit must stay different.
 */
export function parseJson(text: string): unknown {
  try {
    return LONG_NUMBER.test(text) ? JSON.parse(text, keepLongNumbers) : JSON.parse(text);
  } catch (error) {
    // A reviver needs the stack, which a deeply nested text exhausts.
    if (!(error instanceof RangeError)) return undefined;
    const read = readLazyJson(Buffer.from(text));
    return read.ok ? read.value : undefined;
  }
}

function keepLongNumbers(_key: string, value: unknown, context?: { source?: string }): unknown {
  const source = context?.source;
  if (typeof value !== 'number' || Number.isSafeInteger(value) || source === undefined) return value;
  return /^-?\d+$/.test(source) ? BigInt(source) : value;
}

/** Above this size a text is not built: what it becomes may be a hundred times as large. */
export const BUILT_BYTES_MAX = 64 * 1024;

/**
 * Reads a JSON text of any size; undefined if it is not one in UTF-8. Objects and arrays of a large text are LazyJson:
 * go through json-pointer.ts.
 */
export function readJson(bytes: Uint8Array): unknown {
  if (!isUtf8(bytes)) return undefined;
  if (bytes.length <= BUILT_BYTES_MAX) {
    return parseJson(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString());
  }
  const read = readLazyJson(bytes);
  return read.ok ? read.value : undefined;
}

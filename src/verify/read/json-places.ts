import {
  BACKSLASH,
  CLOSE_ARRAY,
  CLOSE_OBJECT,
  COMMA,
  OPEN_ARRAY,
  OPEN_OBJECT,
  QUOTE,
  skipSpace,
} from './check-json.ts';

/* Where things are in a text that is known to be JSON. */

/** Calls with each member of an object: where its name begins and ends, and where its value begins. */
export function forEachMember(
  bytes: Uint8Array,
  start: number,
  use: (nameAt: number, nameEnd: number, at: number) => void,
): void {
  if (bytes[start] !== OPEN_OBJECT) return;
  let at = skipSpace(bytes, start + 1);
  while (bytes[at] !== CLOSE_OBJECT) {
    const nameEnd = endOf(bytes, at);
    const value = skipSpace(bytes, skipSpace(bytes, nameEnd) + 1);
    use(at, nameEnd, value);
    at = nextAfter(bytes, value);
  }
}

/** Calls with where each item of an array begins, until `use` returns false. */
export function forEachItem(bytes: Uint8Array, start: number, use: (at: number) => boolean): void {
  let at = skipSpace(bytes, start + 1);
  while (bytes[at] !== CLOSE_ARRAY) {
    if (!use(at)) return;
    at = nextAfter(bytes, at);
  }
}

/** Where the next member or item begins, or where the container closes. */
function nextAfter(bytes: Uint8Array, valueAt: number): number {
  const at = skipSpace(bytes, endOf(bytes, valueAt));
  return bytes[at] === COMMA ? skipSpace(bytes, at + 1) : at;
}

/** Where the value that begins at the offset ends. */
export function endOf(bytes: Uint8Array, start: number): number {
  const first = bytes[start];
  if (first === QUOTE) return endOfString(bytes, start);
  if (first === OPEN_OBJECT || first === OPEN_ARRAY) return endOfContainer(bytes, start);
  let at = start;
  while (at < bytes.length && !ENDS_SCALAR[bytes[at]!]) at += 1;
  return at;
}

const ENDS_SCALAR = Uint8Array.from({ length: 256 }, (_, byte) =>
  [COMMA, CLOSE_OBJECT, CLOSE_ARRAY, 0x20, 0x0a, 0x0d, 0x09].includes(byte) ? 1 : 0,
);

function endOfString(bytes: Uint8Array, start: number): number {
  let at = start + 1;
  while (bytes[at] !== QUOTE) at += bytes[at] === BACKSLASH ? 2 : 1;
  return at + 1;
}

function endOfContainer(bytes: Uint8Array, start: number): number {
  let depth = 0;
  let at = start;
  do {
    const byte = bytes[at];
    if (byte === QUOTE) {
      at = endOfString(bytes, at);
      continue;
    }
    if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) depth += 1;
    else if (byte === CLOSE_OBJECT || byte === CLOSE_ARRAY) depth -= 1;
    at += 1;
  } while (depth > 0);
  return at;
}

/** The text between two offsets. */
export function textBetween(bytes: Uint8Array, start: number, end: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString();
}

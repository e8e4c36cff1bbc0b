import { BIGINT_DIGITS_MAX } from '../limits.ts';
import {
  BACKSLASH,
  CLOSE_ARRAY,
  CLOSE_OBJECT,
  COMMA,
  checkValue,
  fault,
  OPEN_ARRAY,
  OPEN_OBJECT,
  QUOTE,
  skipSpace,
} from './check-json.ts';

/** Most members of one object whose places are remembered. */
const INDEXED_MAX = 1000;
const INDEX = /^(?:0|[1-9]\d{0,8})$/;

/**
 * A JSON object or array that is read without being built. `JSON.parse` makes an object of every `{}`: 25 MB of them
 * become more than a GB and seconds of garbage collection. Here only what is asked for becomes a value: scalars as
 * `JSON.parse` makes them, but whole numbers beyond 2^53 as bigint, and containers as LazyJson again.
 */
export class LazyJson {
  readonly isArray: boolean;
  readonly #bytes: Uint8Array;
  readonly #start: number;
  #members: Members | null;
  /** The containers that were asked for, by place: several pointers lead through the same one. */
  #containers: Map<number, LazyJson> | null = null;
  #wasAsked = false;

  /** @param start of the container, in a text that `checkValue` accepts */
  constructor(bytes: Uint8Array, start: number, members: Members | null = null) {
    this.#bytes = bytes;
    this.#start = start;
    this.isArray = bytes[start] === OPEN_ARRAY;
    this.#members = members;
  }

  /** The value of the last member of that name, or of the item at that index; undefined if there is none. */
  member(name: string): unknown {
    if (this.isArray) return this.#item(name);
    const at = this.#placeOf(name);
    if (at === undefined) return undefined;
    const value = this.#containers?.get(at) ?? valueAt(this.#bytes, at);
    if (value instanceof LazyJson) this.#keep(at, value);
    return value;
  }

  /** Calls with each item of an array, until `use` returns false. */
  forEachItem(use: (item: unknown) => boolean): void {
    if (!this.isArray) return;
    forEachItem(this.#bytes, this.#start, (at) => use(valueAt(this.#bytes, at)));
  }

  /** The first of an object's names that is none of the others, in the order of `Object.keys`. */
  nameBesides(others: readonly string[]): string | null {
    let first: string | null = null;
    let lowest = Number.POSITIVE_INFINITY;
    forEachMember(this.#bytes, this.#start, (nameAt, nameEnd) => {
      const name = stringAt(this.#bytes, nameAt, nameEnd);
      if (others.includes(name)) return;
      if (INDEX.test(name)) lowest = Math.min(lowest, Number(name));
      else first ??= name;
    });
    return lowest === Number.POSITIVE_INFINITY ? first : String(lowest);
  }

  /** An object's members that are no objects or arrays, at most INDEXED_MAX of them. */
  scalars(): Readonly<Record<string, unknown>> {
    this.#members ??= membersOf(this.#bytes, this.#start);
    const entries = [...this.#members.places].map(([name, at]) => [name, valueAt(this.#bytes, at)] as const);
    return Object.fromEntries(entries.filter(([, value]) => !(value instanceof LazyJson)));
  }

  /** The bytes of the container without the members at the paths; a part `*` is each item of an array. */
  bytesWithout(paths: readonly (readonly string[])[]): readonly Uint8Array[] {
    const cuts: Cut[] = [];
    for (const path of paths) findCuts(this.#bytes, this.#start, path, cuts);
    cuts.sort(([one], [other]) => one - other);
    const pieces: Uint8Array[] = [];
    let at = this.#start;
    for (const [from, to] of cuts) {
      if (from > at) pieces.push(this.#bytes.subarray(at, from));
      at = Math.max(at, to);
    }
    return [...pieces, this.#bytes.subarray(at, endOf(this.#bytes, this.#start))];
  }

  #placeOf(name: string): number | undefined {
    // Most items of an array are asked for one member: an index for each would cost more than the search.
    if (!this.#wasAsked && this.#members === null) {
      this.#wasAsked = true;
      return this.#find(name);
    }
    this.#members ??= membersOf(this.#bytes, this.#start);
    return this.#members.isWhole ? this.#members.places.get(name) : this.#find(name);
  }

  #keep(at: number, container: LazyJson): void {
    this.#containers ??= new Map();
    if (this.#containers.size < INDEXED_MAX) this.#containers.set(at, container);
  }

  #find(name: string): number | undefined {
    const wanted = Buffer.from(name);
    let found: number | undefined;
    forEachMember(this.#bytes, this.#start, (nameAt, nameEnd, at) => {
      if (isNameAt(this.#bytes, nameAt, nameEnd, name, wanted)) found = at;
    });
    return found;
  }

  #item(name: string): unknown {
    let left = INDEX.test(name) ? Number(name) : -1;
    let found: unknown;
    if (left >= 0) {
      this.forEachItem((item) => {
        if (left === 0) found = item;
        left -= 1;
        return left >= 0;
      });
    }
    return found;
  }
}

export type LazyRead =
  | Readonly<{ ok: true; value: unknown }>
  /** `offset` is the first byte that is wrong; the length of the text if that ends too early. */
  | Readonly<{ ok: false; offset: number }>;

/** Reads a whole JSON text, in UTF-8: objects and arrays as LazyJson. */
export function readLazyJson(bytes: Uint8Array): LazyRead {
  const start = skipSpace(bytes, 0);
  const members = createMembers(bytes);
  const end = checkValue(bytes, start, members.add);
  if (end < 0) return { ok: false, offset: fault(end) };
  const rest = skipSpace(bytes, end);
  if (rest < bytes.length) return { ok: false, offset: rest };
  const isObject = bytes[start] === OPEN_OBJECT;
  return { ok: true, value: isObject ? new LazyJson(bytes, start, members) : valueAt(bytes, start) };
}

/** Where the values of an object's members begin, by name. */
type Members = Readonly<{
  places: ReadonlyMap<string, number>;
  /** False once there are more than are remembered. */
  isWhole: boolean;
}>;

function createMembers(bytes: Uint8Array) {
  const places = new Map<string, number>();
  let count = 0;
  return {
    places,
    get isWhole() {
      return count <= INDEXED_MAX;
    },
    add(nameAt: number, nameEnd: number, at: number) {
      count += 1;
      if (count <= INDEXED_MAX) places.set(stringAt(bytes, nameAt, nameEnd), at);
    },
  };
}

function membersOf(bytes: Uint8Array, start: number): Members {
  const members = createMembers(bytes);
  forEachMember(bytes, start, members.add);
  return members;
}

// From here on the text is known to be JSON.

function valueAt(bytes: Uint8Array, at: number): unknown {
  const first = bytes[at];
  if (first === OPEN_OBJECT || first === OPEN_ARRAY) return new LazyJson(bytes, at);
  const text = textBetween(bytes, at, endOf(bytes, at));
  const value: unknown = JSON.parse(text);
  const isLong = typeof value === 'number' && !Number.isSafeInteger(value) && /^-?\d+$/.test(text);
  if (!isLong) return value;
  // BigInt takes seconds for millions of digits. As a text they still tell two ids apart.
  return text.length <= BIGINT_DIGITS_MAX ? BigInt(text) : text;
}

function stringAt(bytes: Uint8Array, start: number, end: number): string {
  const text = textBetween(bytes, start, end);
  return text.includes('\\') ? (JSON.parse(text) as string) : text.slice(1, -1);
}

/** Whether the name is the wanted one, without building every name of a large object. */
function isNameAt(bytes: Uint8Array, start: number, end: number, name: string, wanted: Uint8Array): boolean {
  const isAscii = wanted.length === name.length;
  let at = start + 1;
  let matched = 0;
  while (at < end - 1) {
    if (bytes[at] !== BACKSLASH) {
      if (bytes[at] !== wanted[matched]) return false;
      at += 1;
    } else {
      // A unit beyond ASCII is several bytes of the wanted name.
      if (!isAscii) return stringAt(bytes, start, end) === name;
      const next = at + (bytes[at + 1] === LOWER_U ? 6 : 2);
      if (escapedUnit(bytes, at, next) !== wanted[matched]) return false;
      at = next;
    }
    matched += 1;
  }
  return matched === wanted.length;
}

/** The UTF-16 unit of the escape between the offsets. */
function escapedUnit(bytes: Uint8Array, start: number, end: number): number {
  if (end - start === 2) return SHORT_ESCAPES.get(bytes[start + 1]!) ?? bytes[start + 1]!;
  let unit = 0;
  // The low four bits of a letter count from 1; of a digit they are its value.
  for (let at = start + 2; at < end; at++) unit = 16 * unit + (bytes[at]! & 15) + (bytes[at]! > 0x40 ? 9 : 0);
  return unit;
}

const LOWER_U = 0x75;
const SHORT_ESCAPES: ReadonlyMap<number, number> = new Map(
  Object.entries({ b: '\b', f: '\f', n: '\n', r: '\r', t: '\t' }).map(
    ([letter, meant]) => [letter.charCodeAt(0), meant.charCodeAt(0)] as const,
  ),
);

function textBetween(bytes: Uint8Array, start: number, end: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString();
}

function forEachMember(
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

function forEachItem(bytes: Uint8Array, start: number, use: (at: number) => boolean): void {
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
function endOf(bytes: Uint8Array, start: number): number {
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

type Cut = readonly [from: number, to: number];

function findCuts(bytes: Uint8Array, start: number, path: readonly string[], cuts: Cut[]): void {
  const [part, ...rest] = path;
  if (part === '*') {
    if (bytes[start] !== OPEN_ARRAY) return;
    forEachItem(bytes, start, (at) => {
      findCuts(bytes, at, rest, cuts);
      return true;
    });
    return;
  }
  forEachMember(bytes, start, (nameAt, nameEnd, at) => {
    if (stringAt(bytes, nameAt, nameEnd) !== part) return;
    if (rest.length === 0) cuts.push([nameAt, endOf(bytes, at)]);
    else findCuts(bytes, at, rest, cuts);
  });
}

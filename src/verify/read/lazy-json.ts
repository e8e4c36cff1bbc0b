import { BIGINT_DIGITS_MAX } from '../limits.ts';
import { checkValue, fault, OPEN_ARRAY, OPEN_OBJECT, skipSpace } from './check-json.ts';
import { type Cut, findCuts, isNameAt, stringAt } from './json-names.ts';
import { endOf, forEachItem, forEachMember, textBetween } from './json-places.ts';

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

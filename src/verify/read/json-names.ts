import { BACKSLASH, OPEN_ARRAY } from './check-json.ts';
import { endOf, forEachItem, forEachMember, textBetween } from './json-places.ts';

/* Names of members, in a text that is known to be JSON. */

/** The value of the string between the offsets. */
export function stringAt(bytes: Uint8Array, start: number, end: number): string {
  const text = textBetween(bytes, start, end);
  return text.includes('\\') ? (JSON.parse(text) as string) : text.slice(1, -1);
}

/** Whether the name is the wanted one, without building every name of a large object. */
export function isNameAt(
  bytes: Uint8Array,
  start: number,
  end: number,
  name: string,
  wanted: Uint8Array,
): boolean {
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

/** A part of a text that is left out. */
export type Cut = readonly [from: number, to: number];

/** Adds the members at a path; a part `*` of it is each item of an array. */
export function findCuts(bytes: Uint8Array, start: number, path: readonly string[], cuts: Cut[]): void {
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

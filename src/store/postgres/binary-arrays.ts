/**
 * Arrays as parameters in PostgreSQL's own binary form. The client would make one text of each, escape every element in
 * it, and the server would take it apart again: on both sides that cost more than all else about a parameter.
 */

/** Of pg_type; they are the same in every database. */
const TYPE = { boolean: 16, bytea: 17, bigint: 20, integer: 23, text: 25, uuid: 2950 } as const;

/** Dimensions, whether nulls are among the elements, type, number of elements, index of the first. */
const HEAD_SIZE = 20;
const LENGTH_SIZE = 4;
const NULL_LENGTH = -1;
const FIRST_ROOM = 64 * 1024;
/** What is larger is left to the garbage collector, lest one huge batch hold its room for ever. */
const MOST_KEPT_BYTES = 1024 * 1024;
/** Up to here a loop over the characters is faster than a call that leaves JavaScript. */
const SHORT_CHARACTERS = 48;
const MOST_UTF8_A_UNIT = 3;

type Values<Value> = readonly (Value | null)[];

/** Where arrays are built, one after the other. */
let room = Buffer.allocUnsafeSlow(FIRST_ROOM);

export function uuids(values: Values<string>): Buffer {
  return build(TYPE.uuid, values, () => 16, writeUuid);
}

/** Of texts without NUL, which PostgreSQL refuses. */
export function texts(values: Values<string>): Buffer {
  return build(TYPE.text, values, ({ length }) => length * MOST_UTF8_A_UNIT, writeText);
}

export function integers(values: Values<number>): Buffer {
  return build(TYPE.integer, values, () => 4, writeInteger);
}

/** Of integers that a number holds exactly. */
export function bigints(values: Values<number>): Buffer {
  return build(TYPE.bigint, values, () => 8, writeBigint);
}

export function booleans(values: Values<boolean>): Buffer {
  return build(TYPE.boolean, values, () => 1, writeBoolean);
}

export function byteas(values: Values<Uint8Array>): Buffer {
  return build(TYPE.bytea, values, ({ length }) => length, writeBytes);
}

function build<Value>(
  type: number,
  values: Values<Value>,
  mostBytes: (value: Value) => number,
  write: (value: Value, at: number) => number,
): Buffer {
  let at = HEAD_SIZE;
  let hasNulls = 0;
  for (const value of values) {
    if (value === null) {
      hasNulls = 1;
      reserve(at, LENGTH_SIZE);
      writeInteger(NULL_LENGTH, at);
      at += LENGTH_SIZE;
      continue;
    }
    reserve(at, LENGTH_SIZE + mostBytes(value));
    const bytes = write(value, at + LENGTH_SIZE);
    writeInteger(bytes, at);
    at += LENGTH_SIZE + bytes;
  }
  for (const [index, field] of [1, hasNulls, type, values.length, 1].entries())
    writeInteger(field, 4 * index);
  const built = Buffer.from(room.subarray(0, at));
  if (room.length > MOST_KEPT_BYTES) room = Buffer.allocUnsafeSlow(FIRST_ROOM);
  return built;
}

function reserve(from: number, bytes: number): void {
  if (from + bytes <= room.length) return;
  const larger = Buffer.allocUnsafeSlow(Math.max(from + bytes, 2 * room.length));
  room.copy(larger, 0, 0, from);
  room = larger;
}

function writeInteger(value: number, at: number): number {
  room[at] = value >>> 24;
  room[at + 1] = value >>> 16;
  room[at + 2] = value >>> 8;
  room[at + 3] = value;
  return 4;
}

function writeBigint(value: number, at: number): number {
  const high = Math.floor(value / 2 ** 32);
  writeInteger(high, at);
  writeInteger(value - high * 2 ** 32, at + 4);
  return 8;
}

function writeBoolean(value: boolean, at: number): number {
  room[at] = value ? 1 : 0;
  return 1;
}

function writeBytes(value: Uint8Array, at: number): number {
  room.set(value, at);
  return value.length;
}

function writeText(value: string, at: number): number {
  if (value.length > SHORT_CHARACTERS) return room.write(value, at);
  for (let index = 0; index < value.length; index++) {
    const unit = value.charCodeAt(index);
    if (unit > 0x7f) return room.write(value, at);
    room[at + index] = unit;
  }
  return value.length;
}

const HYPHEN = 0x2d;
const NO_DIGIT = 0xff;
const DIGITS = new Uint8Array(128).fill(NO_DIGIT);
for (const [value, digit] of [...'0123456789abcdef'].entries()) {
  DIGITS[digit.charCodeAt(0)] = value;
  DIGITS[digit.toUpperCase().charCodeAt(0)] = value;
}

function writeUuid(value: string, at: number): number {
  let digits = 0;
  for (let index = 0; index < value.length; index++) {
    const unit = value.charCodeAt(index);
    if (unit === HYPHEN) continue;
    const digit = DIGITS[unit] ?? NO_DIGIT;
    if (digit === NO_DIGIT || digits === 32) throw new TypeError(`not a UUID: ${value}`);
    const byte = at + (digits >> 1);
    room[byte] = digits % 2 === 0 ? digit << 4 : room[byte]! | digit;
    digits += 1;
  }
  if (digits !== 32) throw new TypeError(`not a UUID: ${value}`);
  return 16;
}

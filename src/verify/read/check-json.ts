/** JSON's grammar (RFC 8259) over bytes, without building a value. */

export const OPEN_OBJECT = 0x7b;
export const CLOSE_OBJECT = 0x7d;
export const OPEN_ARRAY = 0x5b;
export const CLOSE_ARRAY = 0x5d;
export const QUOTE = 0x22;
export const BACKSLASH = 0x5c;
export const COMMA = 0x2c;
const COLON = 0x3a;

/** Called with each member of the outermost object: where its name begins and ends, and where its value begins. */
export type OnMember = (nameStart: number, nameEnd: number, valueStart: number) => void;

/**
 * Checks the value that begins at the offset. Iterative, so that no depth of nesting exhausts the stack.
 * @returns where the value ends, or, below zero, `fault(offset)` of the first byte that is wrong
 */
export function checkValue(bytes: Uint8Array, start: number, onMember: OnMember | null): number {
  const open = createNesting();
  let at = start;
  for (;;) {
    const first = bytes[at];
    if (first === OPEN_OBJECT || first === OPEN_ARRAY) {
      open.push(first === OPEN_OBJECT);
      at = skipSpace(bytes, at + 1);
      if (bytes[at] !== (first === OPEN_OBJECT ? CLOSE_OBJECT : CLOSE_ARRAY)) {
        if (first === OPEN_OBJECT) at = checkName(bytes, at, open.depth() === 1 ? onMember : null);
        if (at < 0) return at;
        continue;
      }
      open.pop();
      at += 1;
    } else {
      at = checkScalar(bytes, at);
      if (at < 0) return at;
    }
    at = closeContainers(bytes, at, open);
    if (at < 0 || open.depth() === 0) return at;
    // Behind a comma.
    if (open.isObject()) at = checkName(bytes, at, open.depth() === 1 ? onMember : null);
    if (at < 0) return at;
  }
}

/** @returns where the next name or value begins, or where the outermost container ends */
function closeContainers(bytes: Uint8Array, from: number, open: Nesting): number {
  let at = from;
  while (open.depth() > 0) {
    at = skipSpace(bytes, at);
    const byte = bytes[at];
    if (byte === COMMA) return skipSpace(bytes, at + 1);
    if (byte !== (open.isObject() ? CLOSE_OBJECT : CLOSE_ARRAY)) return fault(at);
    open.pop();
    at += 1;
  }
  return at;
}

type Nesting = Readonly<{
  push(isObject: boolean): void;
  pop(): void;
  depth(): number;
  isObject(): boolean;
}>;

/** One bit a level: a body may consist of brackets alone. */
function createNesting(): Nesting {
  let bits = new Uint8Array(16);
  let depth = 0;
  return {
    push(isObject) {
      if (depth >> 3 === bits.length) {
        const larger = new Uint8Array(2 * bits.length);
        larger.set(bits);
        bits = larger;
      }
      const mask = 1 << (depth & 7);
      if (isObject) bits[depth >> 3]! |= mask;
      else bits[depth >> 3]! &= ~mask;
      depth += 1;
    },
    pop: () => {
      depth -= 1;
    },
    depth: () => depth,
    isObject: () => (bits[(depth - 1) >> 3]! & (1 << ((depth - 1) & 7))) !== 0,
  };
}

/** @returns where the member's value begins */
function checkName(bytes: Uint8Array, start: number, onMember: OnMember | null): number {
  if (bytes[start] !== QUOTE) return fault(start);
  const end = checkString(bytes, start);
  if (end < 0) return end;
  const colon = skipSpace(bytes, end);
  if (bytes[colon] !== COLON) return fault(colon);
  const value = skipSpace(bytes, colon + 1);
  if (onMember !== null) onMember(start, end, value);
  return value;
}

function checkScalar(bytes: Uint8Array, start: number): number {
  switch (bytes[start]) {
    case QUOTE:
      return checkString(bytes, start);
    case 0x74:
      return checkWord(bytes, start, 'true');
    case 0x66:
      return checkWord(bytes, start, 'false');
    case 0x6e:
      return checkWord(bytes, start, 'null');
    default:
      return checkNumber(bytes, start);
  }
}

function checkString(bytes: Uint8Array, start: number): number {
  let at = start + 1;
  for (;;) {
    const byte = bytes[at];
    if (byte === QUOTE) return at + 1;
    if (byte === undefined || byte < 0x20) return fault(at);
    at += 1;
    if (byte !== BACKSLASH) continue;
    at = checkEscape(bytes, at);
    if (at < 0) return at;
  }
}

const ESCAPED: ReadonlySet<number | undefined> = new Set(Buffer.from('"\\/bfnrt'));

/** @param start behind the backslash */
function checkEscape(bytes: Uint8Array, start: number): number {
  if (ESCAPED.has(bytes[start])) return start + 1;
  if (bytes[start] !== 0x75) return fault(start);
  for (let at = start + 1; at < start + 5; at++) {
    if (!isHex(bytes[at])) return fault(at);
  }
  return start + 5;
}

function isHex(byte = 0): boolean {
  return isDigit(byte) || (byte >= 0x41 && byte <= 0x46) || (byte >= 0x61 && byte <= 0x66);
}

function isDigit(byte = 0): boolean {
  return byte >= 0x30 && byte <= 0x39;
}

function checkWord(bytes: Uint8Array, start: number, word: string): number {
  for (let i = 0; i < word.length; i++) {
    if (bytes[start + i] !== word.charCodeAt(i)) return fault(start + i);
  }
  return start + word.length;
}

function checkNumber(bytes: Uint8Array, start: number): number {
  const whole = bytes[start] === 0x2d ? start + 1 : start;
  let at = bytes[whole] === 0x30 ? whole + 1 : checkDigits(bytes, whole);
  if (at >= 0 && bytes[at] === 0x2e) at = checkDigits(bytes, at + 1);
  if (at >= 0 && (bytes[at] === 0x65 || bytes[at] === 0x45)) {
    const sign = bytes[at + 1];
    at = checkDigits(bytes, sign === 0x2b || sign === 0x2d ? at + 2 : at + 1);
  }
  return at;
}

function checkDigits(bytes: Uint8Array, start: number): number {
  let at = start;
  while (isDigit(bytes[at])) at += 1;
  return at === start ? fault(at) : at;
}

export function skipSpace(bytes: Uint8Array, start: number): number {
  let at = start;
  for (;;) {
    const byte = bytes[at];
    if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) return at;
    at += 1;
  }
}

/** An offset as a number below zero, and back. */
export function fault(offset: number): number {
  return -offset - 1;
}

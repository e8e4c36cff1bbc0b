import type { Random } from './random.ts';

/** Makes ids: UUIDv7 (RFC 9562, section 5.7), strictly growing within one generator. */
export type IdGenerator = (nowMs: number) => string;

const COUNTER_LIMIT = 0x1000;
const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

/**
 * rand_a is a counter within the millisecond (RFC 9562, section 6.2, method 1), rand_b is random. Growing ids
 * append to the right edge of every index; after the clock steps back, the last time stays in use. The last 16 bits
 * are zero: they hold the number of a delivery in its id.
 */
export function createIdGenerator(random: Random): IdGenerator {
  const tail = new Uint8Array(6);
  let lastMs = 0;
  let counter = 0;
  let time = '00000000-0000';
  const moveTo = (timeMs: number) => {
    lastMs = timeMs;
    counter = 0;
    const hex = timeMs.toString(16).padStart(12, '0');
    time = `${hex.slice(0, 8)}-${hex.slice(8)}`;
  };
  return (nowMs) => {
    if (nowMs > lastMs) moveTo(nowMs);
    else if (++counter === COUNTER_LIMIT) moveTo(lastMs + 1);
    random.fill(tail);
    const version = (0x7000 | counter).toString(16);
    const variant = HEX[(tail[0]! & 0x3f) | 0x80]! + HEX[tail[1]!]!;
    const node = `${HEX[tail[2]!]}${HEX[tail[3]!]}${HEX[tail[4]!]}${HEX[tail[5]!]}0000`;
    return `${time}-${version}-${variant}-${node}`;
  };
}

/** A UUID in its canonical lower-case form, as a part of other patterns. */
export const UUID_PATTERN = '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}';

const UUID = new RegExp(`^${UUID_PATTERN}$`);

/** Whether the text is a UUID in its canonical lower-case form. */
export function isUuid(text: string): boolean {
  return UUID.test(text);
}

/** The Unix time in milliseconds that a UUIDv7 carries. */
export function uuidTimeMs(id: string): number {
  return Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16);
}

/** Before every UUIDv7 of that time, and behind all of earlier times. */
export function idBefore(timeMs: number): string {
  const hex = timeMs.toString(16).padStart(12, '0');
  return `${hex.slice(0, 8)}-${hex.slice(8)}-0000-0000-000000000000`;
}

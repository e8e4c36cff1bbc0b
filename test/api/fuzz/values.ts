import type { SeededRandom } from '../../../testkit/seeded-random.ts';

/** Values that nobody would send on purpose. The same seed makes the same ones, here and in the files beside it. */

const TEXTS = [
  ...['', ' ', 'a', '\0', '\u0001', '\ud800', '\udfff', '😀', 'é', 'e\u0301', '\u202e', '\ufeff', '\uffff'],
  ...[
    '__proto__',
    'constructor',
    'toString',
    'length',
    'null',
    '1e999',
    "' or 1=1 --",
    '%00',
    '../..',
    '\r\n\r\n',
  ],
  ...[
    'x'.repeat(254),
    'x'.repeat(255),
    'x'.repeat(256),
    '😀'.repeat(255),
    '😀'.repeat(256),
    'x'.repeat(5000),
  ],
];

/** Mostly texts that have broken programs before. */
export function randomText(random: SeededRandom): string {
  if (random.chance(0.6)) return random.pick(TEXTS);
  const units = Array.from({ length: random.int(40) }, () =>
    random.chance(0.7) ? 32 + random.int(95) : random.int(0x10000),
  );
  return String.fromCharCode(...units);
}

export function randomBytes(random: SeededRandom, most: number): Buffer {
  const bytes = Buffer.alloc(random.int(most + 1));
  random.fill(bytes);
  return bytes;
}

/** Texts of numbers, some of which JSON does not have. */
export const NUMBERS = [
  '0',
  '-0',
  '1e999',
  '-1e-999',
  '9'.repeat(400),
  '0.1',
  '1E+2',
  '12345678901234567890',
  '01',
  '+1',
  '.5',
];

/** The text of any JSON value, some of them deep, and a few that are none. */
export function randomJson(random: SeededRandom, depth = 0): string {
  const kind = random.int(depth > 4 ? 5 : 9);
  if (kind === 0) return random.pick(NUMBERS);
  if (kind <= 3) return JSON.stringify(randomText(random));
  if (kind === 4) return random.pick(['null', 'true', 'false', 'undefined', 'NaN', '']);
  const items = Array.from({ length: random.int(4) }, () => randomJson(random, depth + 1));
  if (kind <= 6) return `[${items.join(',')}]`;
  return `{${items.map((item) => `${JSON.stringify(randomText(random))}:${item}`).join(',')}}`;
}

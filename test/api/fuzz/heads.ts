import type { SeededRandom } from '../../../testkit/seeded-random.ts';
import { randomBytes, randomText } from './values.ts';

/** Makes the odd things rare enough for some requests to come far. */
export const usually = <T>(random: SeededRandom, usual: T, odd: () => T): T =>
  random.chance(0.75) ? usual : odd();

const METHODS = [
  'POST',
  'POST',
  'POST',
  'POST',
  'GET',
  'GET',
  'PUT',
  'DELETE',
  'OPTIONS',
  'TRACE',
  'post',
  'XYZ',
  '',
];
const TARGETS = [
  ...[
    '/webhooks',
    '/webhooks',
    '/webhooks',
    '/webhooks/orders',
    '/webhooks/',
    '/webhooks?x=1',
    '/webhooks/nobody',
  ],
  ...[
    '/webhooks/01890000-0000-7000-8000-000000000000',
    '/webhooks?idempotency_key=key',
    '/health',
    '/ready',
    '/',
  ],
  ...[
    '/metrics',
    '/openapi.json',
    '/docs',
    '/docs/static/index.css',
    '/docs/static/..%2f..%2fpackage.json',
    '*',
  ],
  ...[
    'http://receiver.test/webhooks',
    'webhooks',
    '//webhooks',
    '/webhooks/%zz',
    '/webhooks/%00',
    '/docs/static/%00',
  ],
];
const TYPES = [
  ...[
    'application/json',
    'application/json',
    'application/json',
    'application/json;charset=utf-8',
    'text/plain',
  ],
  ...[
    '',
    ';',
    'application/',
    '/json',
    'application/x+json',
    'application/json, text/plain',
    '\xff',
    'a/b;c=";',
  ],
];
const NAMES = [
  ...[
    'X-Odd',
    'x-odd',
    'Accept',
    'Cookie',
    'Connection',
    'Expect',
    'Upgrade',
    'Transfer-Encoding',
    'Content-Length',
  ],
  ...[
    'Content-Encoding',
    'Content-Type',
    'Host',
    'Range',
    'If-None-Match',
    'Accept-Version',
    'Trailer',
    '__proto__',
  ],
  ...[
    'TE',
    '',
    ' ',
    'a b',
    '\xff',
    'X-Forwarded-For',
    'Origin',
    'Access-Control-Request-Method',
    'HTTP2-Settings',
  ],
];
const VALUES = [
  ...[
    '',
    '0',
    '1',
    '-1',
    'close',
    'keep-alive',
    '100-continue',
    'websocket',
    'chunked',
    'gzip',
    'identity',
    '*',
  ],
  ...[
    'gzip, chunked',
    'bytes=0-5',
    'bytes=9-1',
    '\xff\xfe',
    'a\0b',
    'a\rb',
    '\t',
    '1.x',
    'x'.repeat(9000),
    '9'.repeat(30),
  ],
];

export function randomMethod(random: SeededRandom): string {
  return usually(random, 'POST', () => random.pick(METHODS));
}

export function randomTarget(random: SeededRandom): string {
  return usually(random, '/webhooks', () => oddTarget(random));
}

function oddTarget(random: SeededRandom): string {
  const target = random.pick(TARGETS);
  if (random.chance(0.5)) return target;
  const odd = randomBytes(random, 12).toString('latin1');
  return random.pick([
    `${target}${odd}`,
    `${target}/${encodeURIComponent(randomText(random).toWellFormed())}`,
    `${target}?${odd}`,
  ]);
}

/** A content type, and mostly nothing else. */
export function randomHeaderLines(random: SeededRandom): string[] {
  const lines = [`Content-Type: ${usually(random, 'application/json', () => random.pick(TYPES))}`];
  for (let i = usually(random, 0, () => 1 + random.int(3)); i > 0; i--) {
    const value = random.chance(0.7) ? random.pick(VALUES) : randomBytes(random, 20).toString('latin1');
    lines.splice(random.int(lines.length + 1), 0, `${random.pick(NAMES)}:${value}`);
  }
  return lines;
}

/** What is announced of a body of that length; null for nothing. */
export function randomLength(random: SeededRandom, length: number): number | null {
  return usually<number | null>(random, length, () =>
    random.pick([null, 0, 1, length - 1, length + 9, 2 ** 40]),
  );
}

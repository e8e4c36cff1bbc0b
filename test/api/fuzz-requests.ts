import { rawHead } from '../../testkit/raw-http.ts';
import type { SeededRandom } from '../../testkit/seeded-random.ts';

/** Requests that nobody would send on purpose, made of right ones. The same seed makes the same ones. */

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
const NUMBERS = [
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

function randomText(random: SeededRandom): string {
  if (random.chance(0.6)) return random.pick(TEXTS);
  const units = Array.from({ length: random.int(40) }, () =>
    random.chance(0.7) ? 32 + random.int(95) : random.int(0x10000),
  );
  return String.fromCharCode(...units);
}

function randomBytes(random: SeededRandom, most: number): Buffer {
  const bytes = Buffer.alloc(random.int(most + 1));
  random.fill(bytes);
  return bytes;
}

/** The text of any JSON value, some of them deep, and a few that are none. */
function randomJson(random: SeededRandom, depth = 0): string {
  const kind = random.int(depth > 4 ? 5 : 9);
  if (kind === 0) return random.pick(NUMBERS);
  if (kind <= 3) return JSON.stringify(randomText(random));
  if (kind === 4) return random.pick(['null', 'true', 'false', 'undefined', 'NaN', '']);
  const items = Array.from({ length: random.int(4) }, () => randomJson(random, depth + 1));
  if (kind <= 6) return `[${items.join(',')}]`;
  return `{${items.map((item) => `${JSON.stringify(randomText(random))}:${item}`).join(',')}}`;
}

type Mutate = (random: SeededRandom, body: Buffer) => Buffer;

function cutAt(random: SeededRandom, body: Buffer): [number, number] {
  const start = random.int(body.length + 1);
  return [start, start + random.int(Math.min(40, body.length - start) + 1)];
}

/** Puts text in the place of the first match. */
const swap =
  (pattern: RegExp, by: (random: SeededRandom) => string): Mutate =>
  (random, body) => {
    const text = by(random);
    return Buffer.from(body.toString().replace(pattern, () => text));
  };

const MUTATIONS: readonly Mutate[] = [
  (_random, body) => body,
  (random, body) => {
    const flipped = Buffer.from(body);
    for (let i = random.int(4); i >= 0 && flipped.length > 0; i--) {
      flipped[random.int(flipped.length)]! ^= 1 << random.int(8);
    }
    return flipped;
  },
  (random, body) => body.subarray(0, random.int(body.length + 1)),
  (random, body) => {
    const [start, end] = cutAt(random, body);
    return Buffer.concat([body.subarray(0, start), body.subarray(end)]);
  },
  (random, body) => {
    const [start, end] = cutAt(random, body);
    return Buffer.concat([body.subarray(0, end), body.subarray(start)]);
  },
  (random, body) => {
    const at = random.int(body.length + 1);
    return Buffer.concat([body.subarray(0, at), randomBytes(random, 20), body.subarray(at)]);
  },
  // A member once more, with another value, before or behind the right one.
  swap(
    /^\{/,
    (random) => `{"${random.pick(['idempotency_key', 'event_type', 'payload'])}":${randomJson(random)},`,
  ),
  swap(
    /\}$/,
    (random) => `,"${random.pick(['idempotency_key', 'event_type', 'payload'])}":${randomJson(random)}}`,
  ),
  swap(/^\{/, (random) => `{${JSON.stringify(randomText(random))}:${randomJson(random)},`),
  swap(
    /^\{/,
    (random) => `{"${random.pick(['__proto__', 'constructor', 'prototype'])}":${randomJson(random)},`,
  ),
  // A member with another value.
  swap(/"idempotency_key":"[^"]*"/, (random) => `"idempotency_key":${JSON.stringify(randomText(random))}`),
  swap(/"event_type":"[^"]*"/, (random) => `"event_type":${JSON.stringify(randomText(random))}`),
  swap(/"(event_type|idempotency_key)":"[^"]*"/, (random) => `"event_type":${randomJson(random)}`),
  swap(/"payload":/, (random) => `"payload":${randomJson(random)},"x":`),
  swap(/"payload":/, (random) => {
    const depth = 1 + random.int(5000);
    const [open, close] = random.pick([
      ['[', ']'],
      ['{"a":', '}'],
    ] as const);
    const broken = random.chance(0.3) ? 1 : 0;
    return `"deep":${open.repeat(depth)}1${close.repeat(depth - broken)},"payload":`;
  }),
  swap(/"payload":/, (random) => `"n":${random.pick(NUMBERS)},"payload":`),
  (_random, body) => Buffer.concat([Buffer.from('\ufeff'), body]),
  (_random, body) => Buffer.from(body.toString(), 'utf16le'),
  (_random, body) =>
    Buffer.from(body.toString().replace(/[a-z]/g, (letter) => `\\u00${letter.charCodeAt(0).toString(16)}`)),
  (random) => Buffer.from(randomJson(random)),
  (random) => randomBytes(random, 300),
];

/** A body that is right, or was before something happened to it. */
export function randomBody(random: SeededRandom, key: string): Buffer {
  const payload = { order: random.int(1000), text: randomText(random) };
  let body: Buffer = Buffer.from(
    JSON.stringify({ idempotency_key: key, event_type: 'order.created', payload }),
  );
  for (let i = random.int(2); i >= 0; i--) body = random.pick(MUTATIONS)(random, body);
  return body;
}

/** Makes the odd things rare enough for some requests to come far. */
const usually = <T>(random: SeededRandom, usual: T, odd: () => T): T => (random.chance(0.75) ? usual : odd());

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

function randomTarget(random: SeededRandom): string {
  const target = random.pick(TARGETS);
  if (random.chance(0.5)) return target;
  const odd = randomBytes(random, 12).toString('latin1');
  return random.pick([
    `${target}${odd}`,
    `${target}/${encodeURIComponent(randomText(random).toWellFormed())}`,
    `${target}?${odd}`,
  ]);
}

/** A request whose head may be as odd as its body. What is sent may also be more than one request, or half of one. */
export function randomRequest(random: SeededRandom, key: string): Buffer {
  const body = usually(random, Buffer.from(rightBody(key)), () => randomBody(random, key));
  const lines = [`Content-Type: ${usually(random, 'application/json', () => random.pick(TYPES))}`];
  for (let i = usually(random, 0, () => 1 + random.int(3)); i > 0; i--) {
    const value = random.chance(0.7) ? random.pick(VALUES) : randomBytes(random, 20).toString('latin1');
    lines.splice(random.int(lines.length + 1), 0, `${random.pick(NAMES)}:${value}`);
  }
  const method = usually(random, 'POST', () => random.pick(METHODS));
  const target = usually(random, '/webhooks', () => randomTarget(random));
  const length = usually<number | null>(random, body.length, () =>
    random.pick([null, 0, 1, body.length - 1, body.length + 9, 2 ** 40]),
  );
  const whole = Buffer.concat([Buffer.from(rawHead(method, target, lines, length), 'latin1'), body]);
  if (random.chance(0.2)) return Buffer.concat([whole, whole]);
  if (random.chance(0.1)) return whole.subarray(0, random.int(whole.length));
  return whole;
}

function rightBody(key: string): string {
  return JSON.stringify({ idempotency_key: key, event_type: 'order.created', payload: {} });
}

/** Bytes that have little of HTTP. */
export function randomGarbage(random: SeededRandom, key: string): Buffer {
  const pieces = [
    () => randomBytes(random, 200),
    () => Buffer.from(randomRequest(random, key).subarray(0, random.int(60))),
    () =>
      Buffer.from(random.pick(['\r\n', '\r\n\r\n', '\n', '\0', ' HTTP/1.1\r\n', 'GET / HTTP/1.1\r\n', ':'])),
  ];
  return Buffer.concat(Array.from({ length: 1 + random.int(4) }, () => random.pick(pieces)()));
}

/** The same bytes in a few pieces. */
export function inPieces(random: SeededRandom, bytes: Buffer): Buffer[] {
  if (random.chance(0.7)) return [bytes];
  const cuts = Array.from({ length: 1 + random.int(3) }, () => random.int(bytes.length + 1)).toSorted(
    (a, b) => a - b,
  );
  return [...cuts, bytes.length].map((end, i) => bytes.subarray(cuts[i - 1] ?? 0, end));
}

import type { SeededRandom } from '../../../testkit/seeded-random.ts';
import { NUMBERS, randomBytes, randomJson, randomText } from './values.ts';

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

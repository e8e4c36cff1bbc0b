import { rawHead } from '../../../testkit/raw-http.ts';
import type { SeededRandom } from '../../../testkit/seeded-random.ts';
import { randomBody } from './bodies.ts';
import { randomHeaderLines, randomLength, randomMethod, randomTarget, usually } from './heads.ts';
import { randomBytes } from './values.ts';

/** A request whose head may be as odd as its body. What is sent may also be more than one request, or half of one. */
export function randomRequest(random: SeededRandom, key: string): Buffer {
  const body = usually(random, Buffer.from(rightBody(key)), () => randomBody(random, key));
  const lines = randomHeaderLines(random);
  const method = randomMethod(random);
  const target = randomTarget(random);
  const length = randomLength(random, body.length);
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

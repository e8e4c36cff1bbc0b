import { gzipSync } from 'node:zlib';
import { anAttempt, anAudit, anEvent } from '../../../testkit/builders.ts';
import type { SeededRandom } from '../../../testkit/seeded-random.ts';
import type { WebhookEvent } from '../../domain/event.ts';
import { keyText, type SearchKey } from '../../domain/search-key.ts';
import type { DeliverySubject } from '../../filter/matches.ts';
import {
  DESTINATIONS,
  ERRORS,
  HEADERS,
  NAMES,
  ORDER_KEYS,
  SEARCH_NAMES,
  SOURCES,
  STATUSES,
  TEXTS,
  TYPES,
} from '../../filter/testing.ts';
import type { Store } from '../store.ts';
import { claimOf, T0 } from './harness.ts';

type Past = Readonly<{
  event: WebhookEvent;
  searchKeys: readonly SearchKey[];
  deliveries: readonly (DeliverySubject & Readonly<{ id: string }>)[];
}>;

/** Fills the store with events of all kinds in all states; returns them as the evaluator reads them, oldest first. */
export async function fillForSearch(store: Store, random: SeededRandom, count: number): Promise<Past[]> {
  const events: WebhookEvent[] = [];
  const keys = new Map<string, readonly SearchKey[]>();
  for (let at = 0; at < count; at++) {
    const event = anEvent({ ...randomPayload(random), receivedAtMs: T0 + 1_000 * at });
    const destinations = DESTINATIONS.filter(() => random.chance(0.6)).map((destination) =>
      random.chance(0.2) ? { destination, orderKey: random.pick(ORDER_KEYS) } : destination,
    );
    const searchKeys = SEARCH_NAMES.filter(() => random.chance(0.3)).map((name) => ({
      name,
      value: keyText(random.pick(TEXTS)),
    }));
    keys.set(event.id, searchKeys);
    await store.insertEvent({ ...event, searchKeys }, destinations);
    events.push(event);
    if (at % 10 === 9) await settleSome(store, random, T0 + 1_000 * at);
  }
  const ended = (past: Past) =>
    past.deliveries.every(({ status }) => status === 'completed' || status === 'failed');
  const past = await Promise.all(events.map((event) => pastOf(store, event, [])));
  const doomed = past.filter((one) => ended(one) && random.chance(0.1)).map(({ event }) => event.id);
  await store.erase(doomed, T0 + 1_000 * count, anAudit());
  const erased = { idempotencyKey: '', headers: [], body: new Uint8Array() };
  return Promise.all(
    events.map((event) =>
      doomed.includes(event.id)
        ? pastOf(store, { ...event, ...erased }, [])
        : pastOf(store, event, keys.get(event.id)!),
    ),
  );
}

async function settleSome(store: Store, random: SeededRandom, nowMs: number): Promise<void> {
  const { leased } = await store.claim(claimOf(DESTINATIONS, { limit: 4, nowMs, leaseUntilMs: nowMs + 1e9 }));
  for (const { lease, attempts } of leased) {
    if (random.chance(0.1)) continue;
    const error = random.pick(ERRORS);
    const settlement = random.pick([
      { kind: 'completed' },
      { kind: 'failed', error },
      { kind: 'failed', error },
      { kind: 'retry', dueAtMs: nowMs + random.int(2) * 60_000, error },
    ] as const);
    const attempt = anAttempt({ number: attempts + 1, endedAtMs: nowMs, httpStatus: random.pick(STATUSES) });
    await store.settle(lease, settlement, attempt, nowMs);
    if (settlement.kind !== 'retry' && random.chance(0.3))
      await store.replay(
        lease.deliveryId,
        nowMs,
        { completed: true, again: false, beyondLimit: false },
        anAudit(),
      );
  }
}

async function pastOf(store: Store, event: WebhookEvent, searchKeys: readonly SearchKey[]): Promise<Past> {
  const deliveries = await store.deliveriesOf(event.id);
  const replayed = new Set(deliveries.map(({ replayOf }) => replayOf));
  return {
    event,
    searchKeys,
    deliveries: await Promise.all(
      deliveries.map(async (delivery) => {
        const attempts = await store.attemptsOf(delivery.id);
        const httpStatus = attempts.at(-1)?.httpStatus ?? null;
        return { ...delivery, httpStatus, isReplayed: replayed.has(delivery.id) };
      }),
    ),
  };
}

function randomPayload(random: SeededRandom): Partial<WebhookEvent> {
  const headers = [
    'Content-Type',
    random.pick(['application/json', 'text/plain; charset=utf-8', 'a; charset=latin1']),
  ];
  for (const name of HEADERS) {
    if (random.chance(0.4)) headers.push(random.chance(0.5) ? name.toUpperCase() : name, random.pick(TEXTS));
  }
  const body = randomBody(random);
  const isPacked = random.chance(0.1);
  if (isPacked) headers.push('Content-Encoding', 'gzip');
  return {
    source: random.pick(SOURCES),
    eventType: random.pick(TYPES),
    headers,
    contentType: headers[1]!,
    body: isPacked ? gzipSync(body) : body,
  };
}

function randomBody(random: SeededRandom): Buffer {
  const json = JSON.stringify(randomValue(random, 3));
  switch (random.int(8)) {
    case 0:
      return Buffer.from(random.pick(TEXTS));
    case 1:
      return Buffer.from(`\ufeff${json}`, random.pick(['utf8', 'utf16le']));
    case 2:
      return Buffer.from(json, 'latin1');
    case 3:
      // The same value with each character that may be escaped.
      return Buffer.from(json.replaceAll(/\P{ASCII}|\//gu, escaped));
    case 4:
      return Buffer.from(json.slice(0, random.int(json.length)));
    default:
      return Buffer.from(json);
  }
}

function escaped(char: string): string {
  if (char === '/') return '\\/';
  return [...Array(char.length).keys()]
    .map((at) => `\\u${char.charCodeAt(at).toString(16).padStart(4, '0')}`)
    .join('');
}

function randomValue(random: SeededRandom, depth: number): unknown {
  if (depth > 0 && random.chance(0.8)) {
    if (random.chance(0.2)) return [0, 1].map(() => randomValue(random, depth - 1));
    return Object.fromEntries(
      Array.from({ length: 1 + random.int(6) }, () => [random.pick(NAMES), randomValue(random, depth - 1)]),
    );
  }
  return random.pick<unknown>([...TEXTS, ...TEXTS, 0, 1, 100, 1.5, 0.1, 1e21, -0, true, false, null]);
}

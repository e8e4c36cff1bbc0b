import { deliveryIdOf } from '../src/domain/delivery.ts';
import type { Store } from '../src/store/store.ts';
import { anAttempt, anAudit, anEvent } from './builders.ts';
import { FAKE_EPOCH_MS } from './fake-clock.ts';
import { needle } from './needles.ts';

/** What of an event has a needle. */
const PARTS = ['body', 'header', 'url', 'key', 'order', 'error', 'excerpt'] as const;

export type TellingEvent = Readonly<{ id: string; number: number; needles: readonly string[] }>;

/**
 * Fills a store with events that all came to an end, after retries, with a replay and some blocked order keys; with a
 * needle in everything that an erase has to remove.
 * @param random uniform in [0, 1)
 */
export async function tellingInbox(
  store: Store,
  count: number,
  random: () => number,
): Promise<readonly TellingEvent[]> {
  const events: TellingEvent[] = [];
  for (let number = 1; number <= count; number++) {
    events.push(await insert(store, number, random));
    if (events.length % 20 === 0) await workAll(store, random);
  }
  await workAll(store, random);
  for (const { id, number } of events.filter((_, at) => at % 10 === 3)) {
    const text = needle('order', number);
    await store.releaseKey('sorted', text, anAudit());
    await store.replay(deliveryIdOf(id, 1), FAKE_EPOCH_MS, { completed: true }, anAudit());
  }
  await workAll(store, random);
  return events;
}

async function insert(store: Store, number: number, random: () => number): Promise<TellingEvent> {
  const [body, header, url, key, order] = PARTS.map((part) => needle(part, number)) as string[];
  const filler = 'x'.repeat(Math.floor(random() * (random() < 0.1 ? 40_000 : 1_500)));
  const event = anEvent({
    idempotencyKey: key!,
    url: `/webhooks?who=${url}`,
    headers: ['x-who', header!],
    body: Buffer.from(`{"who":"${body}","filler":"${filler}"}`),
  });
  const digest = Buffer.alloc(16);
  digest.writeUInt32BE(number, 0);
  const mark = number % 2 === 0 ? { digest, sinceMs: FAKE_EPOCH_MS } : null;
  await store.insertEvent(event, [{ destination: 'sorted', orderKey: order! }, 'other'], mark);
  return { id: event.id, number, needles: PARTS.map((part) => needle(part, number)) };
}

/** Works through everything that is due, each delivery with up to four attempts, in no order. */
async function workAll(store: Store, random: () => number): Promise<void> {
  for (;;) {
    const { leased } = await store.claim({
      limits: [
        { destination: 'sorted', limit: 50 },
        { destination: 'other', limit: 50 },
      ],
      token: `token-${random()}`,
      nowMs: FAKE_EPOCH_MS,
      leaseUntilMs: FAKE_EPOCH_MS + 60_000,
    });
    if (leased.length === 0) return;
    await Promise.all(
      leased
        .toSorted(() => random() - 0.5)
        .map(({ lease, event, attempts }) => {
          const number = Number(/\d{7}/.exec(event.idempotencyKey)![0]);
          const error = `${needle('error', number)}${'e'.repeat(Math.floor(random() * 200))}`;
          const responseExcerpt = `${needle('excerpt', number)}${'r'.repeat(Math.floor(random() * 600))}`;
          const attempt = anAttempt({ number: attempts + 1, outcome: 'failed', error, responseExcerpt });
          const isRetry = attempts < 3 && random() < 0.6;
          const settlement = isRetry
            ? ({ kind: 'retry', dueAtMs: FAKE_EPOCH_MS, error } as const)
            : ({ kind: 'failed', error, blocksKey: number % 7 === 0 } as const);
          return store.settle(lease, settlement, attempt, FAKE_EPOCH_MS);
        }),
    );
  }
}

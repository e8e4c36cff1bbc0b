import type { Attempt } from '../../domain/attempt.ts';
import type { Delivery } from '../../domain/delivery.ts';
import type { EventView, WebhookEvent } from '../../domain/event.ts';
import type { BlockedKey, DeadLetter, Store, StoreStats } from '../store.ts';

type EventSnapshot = Readonly<{
  view: EventView | null;
  viewByKey: EventView | null;
  event: PlainEvent | null;
  deliveries: readonly (Delivery & Readonly<{ tries: readonly Attempt[] }>)[];
}>;

/** Everything that a store shows about some events, as plain values that compare. */
export type Snapshot = Readonly<{
  events: readonly EventSnapshot[];
  deadLetters: readonly DeadLetter[];
  superseded: readonly DeadLetter[];
  leases: readonly unknown[];
  blocked: readonly BlockedKey[];
  stats: Omit<StoreStats, 'databaseBytes' | 'walBytes'>;
}>;

/** An event whose body compares by its bytes, whichever class a driver reads them into. */
export type PlainEvent = Omit<WebhookEvent, 'body'> & Readonly<{ body: string }>;

const FOR_EVER_MS = 8_640_000_000_000_000;

/** Reads back everything about these events, through every question the port has. */
export async function snapshotOf(
  store: Store,
  events: readonly Pick<WebhookEvent, 'id' | 'source' | 'idempotencyKey'>[],
): Promise<Snapshot> {
  return {
    events: await inTurn(events, (event) => readAll(store, event)),
    deadLetters: byId((await store.listDeadLetters(10_000, null)).deliveries),
    superseded: byId((await store.listDeadLetters(10_000, null, { superseded: true })).deliveries),
    leases: await store.expired(FOR_EVER_MS, 10_000),
    blocked: (await store.listBlocked(10_000, null, null)).keys,
    stats: plainStats(await store.stats()),
  };
}

/** One after the other: all at once would wait for connections longer than a driver waits when the machine is busy. */
async function inTurn<Item, Answer>(
  items: readonly Item[],
  read: (item: Item) => Promise<Answer>,
): Promise<readonly Answer[]> {
  const answers: Answer[] = [];
  for (const item of items) answers.push(await read(item));
  return answers;
}

/** Of overlapping inserts one driver lists first which has the lower id, another one which it did first. */
function byId(deliveries: readonly DeadLetter[]): readonly DeadLetter[] {
  return deliveries.toSorted((a, b) => (a.id < b.id ? -1 : 1));
}

export function plainEvent(event: WebhookEvent): PlainEvent {
  return { ...event, headers: [...event.headers], body: Buffer.from(event.body).toString('hex') };
}

/** Stats in an order of their own and without the size, which is each driver's affair. */
export function plainStats({
  databaseBytes: _,
  walBytes: _wal,
  counts,
  held,
  order,
  ...stats
}: StoreStats): Snapshot['stats'] {
  const nameOf = (count: StoreStats['counts'][number]) => `${count.destination} ${count.status}`;
  return {
    ...stats,
    counts: counts.toSorted((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1)),
    held: held.toSorted((a, b) => (a.destination < b.destination ? -1 : 1)),
    order: order.toSorted((a, b) => (a.destination < b.destination ? -1 : 1)),
  };
}

async function readAll(
  store: Store,
  { id, source, idempotencyKey }: Pick<WebhookEvent, 'id' | 'source' | 'idempotencyKey'>,
): Promise<EventSnapshot> {
  const [view, viewByKey, event, deliveries] = await Promise.all([
    store.eventById(id),
    store.eventByKey(source, idempotencyKey),
    store.readEvent(id),
    store.deliveriesOf(id),
  ]);
  const tries = await Promise.all(deliveries.map((delivery) => store.attemptsOf(delivery.id)));
  return {
    view,
    viewByKey,
    event: event === null ? null : plainEvent(event),
    deliveries: deliveries.map((delivery, index) => ({ ...delivery, tries: tries[index]! })),
  };
}

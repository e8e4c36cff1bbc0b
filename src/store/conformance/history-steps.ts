import { anAttempt } from '../../../testkit/builders.ts';
import type { SeededRandom } from '../../../testkit/seeded-random.ts';
import { deliveryIdOf } from '../../domain/delivery.ts';
import { ORIGINS, type WebhookEvent } from '../../domain/event.ts';
import type { Lease } from '../../domain/lease.ts';
import { type Addressee, destinationOf, orderKeyOf } from '../../domain/order.ts';
import type { Settlement } from '../../domain/settlement.ts';
import type { IdGenerator } from '../../runtime/ids.ts';
import type { ReplayMark, ReplayOptions } from '../store.ts';
import type { Operation } from './history-operation.ts';

/** Few of each, so that operations meet: the same keys again, limits reached, leases run out. */
const DESTINATIONS = ['a', 'b', 'c'] as const;
const SOURCES = ['one', 'two'] as const;
/** Those whose deliveries have an order key, mostly. */
const ORDERED = ['b', 'c'] as const;
const ORDER_KEYS = ['k', 'l', 'm', 'n', 'o'] as const;
const KEYS = 60;
const MARKS = 12;
/** Times are whole multiples, so that they often meet to the millisecond. */
const GRAIN_MS = 100;
export const LONGEST_STEP_MS = 400;
const LONGEST_LEASE_MS = 4_000;
const LONGEST_DELAY_MS = 3_000;
const OLDEST_PURGED_MS = 30_000;
/** Deliveries of either kind that a claim by ids chooses among. */
const LATEST = 20;
/** The first delivery of each event of so many is for a destination that is held. */
const HELD_EVERY = 5;
const LONGEST_WINDOW_MS = 20_000;

/** A lease and how many attempts had ended when it was claimed. */
export type Held = Readonly<{ lease: Lease; attempts: number }>;

/** What a history remembers, to name in the next operation what may well exist. */
export type World = {
  readonly random: SeededRandom;
  readonly ids: IdGenerator;
  nowMs: number;
  claims: number;
  readonly events: WebhookEvent[];
  readonly deliveryIds: string[];
  /** Leases that were neither settled nor lost yet. */
  readonly held: Set<Held>;
  readonly spent: Held[];
  /** Deliveries that have a replay. */
  readonly replayed: string[];
};

export function insertOperation(world: World): Operation {
  const { random, nowMs } = world;
  const event: WebhookEvent = {
    id: world.ids(nowMs),
    source: random.pick(SOURCES),
    idempotencyKey: `key-${random.int(KEYS)}`,
    eventType: random.pick(['order.created', 'order.paid']),
    method: 'POST',
    url: '/webhooks',
    headers: ['X-Number', String(world.events.length)],
    contentType: 'text/plain',
    body: Buffer.from(random.pick(['', 'a body', 'another body'])),
    receivedAtMs: nowMs,
    origin: random.pick(ORIGINS),
  };
  world.events.push(event);
  const isHeld = world.events.length % HELD_EVERY === 0;
  const destinations = someDestinations(random)
    .map((name) => addressed(random, name))
    .map((addressee, at) => (isHeld && at === 0 ? asHeld(addressee) : addressee));
  // One more than there are, for the replay that may come.
  for (let number = 1; number <= destinations.length + 1; number++) {
    world.deliveryIds.push(deliveryIdOf(event.id, number));
  }
  const keySinceMs = random.chance(0.3) ? nowMs - someMs(random, LONGEST_WINDOW_MS) : null;
  return { kind: 'insert', event, destinations, replayMark: someMark(random, nowMs), keySinceMs };
}

export function claimOperation(world: World): Operation {
  const { random, nowMs } = world;
  const request = {
    limits: someDestinations(random).map((destination) => ({ destination, limit: random.int(4) })),
    token: nextToken(world),
    nowMs,
    leaseUntilMs: nowMs + GRAIN_MS + someMs(random, LONGEST_LEASE_MS),
  };
  return { kind: 'claim', request };
}

/** Of the latest and of those that were at work, which are the likeliest to be pending; sometimes one twice. */
export function claimByIdsOperation(world: World): Operation {
  const { random, nowMs, deliveryIds, spent } = world;
  const latest = [
    ...deliveryIds.slice(-LATEST),
    ...spent.slice(-LATEST).map(({ lease }) => lease.deliveryId),
  ];
  const asked = latest.length === 0 ? 0 : random.int(5);
  const request = {
    deliveryIds: Array.from({ length: asked }, () => random.pick(latest)),
    token: nextToken(world),
    nowMs,
    leaseUntilMs: nowMs + GRAIN_MS + someMs(random, LONGEST_LEASE_MS),
  };
  return { kind: 'claimByIds', request };
}

function nextToken(world: World): string {
  world.claims += 1;
  return `token-${world.claims}`;
}

export function expiredOperation({ random, nowMs }: World): Operation {
  return { kind: 'expired', untilMs: nowMs, limit: 1 + random.int(4) };
}

export function holdOperation({ random, nowMs }: World): Operation {
  const drawn = random.int(DESTINATIONS.length + 1);
  // Beyond the list: one that has no delivery.
  return { kind: 'hold', destination: DESTINATIONS[drawn] ?? 'idle', nowMs, limit: 1 + drawn };
}

export function purgeOperation({ random, nowMs }: World): Operation {
  return { kind: 'purge', beforeMs: nowMs - someMs(random, OLDEST_PURGED_MS), limit: 1 + random.int(5) };
}

export function settleOperation(world: World): Operation {
  const { random, nowMs } = world;
  const { lease, attempts } = someLease(world);
  const settlement = someSettlement(world);
  if (settlement.kind === 'released') return { kind: 'settle', lease, settlement, attempt: null, nowMs };
  const error = 'error' in settlement ? settlement.error : null;
  const attempt = anAttempt({
    number: attempts + 1,
    startedAtMs: nowMs - someMs(random, LONGEST_STEP_MS),
    endedAtMs: nowMs,
    outcome: error === null ? 'succeeded' : random.pick(['failed', 'rejected', 'timed_out', 'interrupted']),
    error,
    httpStatus: random.pick([null, 200, 503]),
  });
  return { kind: 'settle', lease, settlement, attempt, nowMs };
}

export function extendOperation(world: World): Operation {
  const untilMs = world.nowMs + GRAIN_MS + someMs(world.random, LONGEST_LEASE_MS);
  return { kind: 'extend', lease: someLease(world).lease, untilMs };
}

const REPLAY_OPTIONS: readonly ReplayOptions[] = [
  {},
  { completed: true },
  { beyondLimit: true },
  { again: true, beyondLimit: true },
  { completed: true, again: true },
  { completed: true, again: true, closed: ['a', 'b'] },
];

/** Half of those at work before, of which most have ended; some again that have a replay. */
export function replayOperation(world: World): Operation {
  const { random, ids, nowMs, deliveryIds, spent, replayed } = world;
  if (deliveryIds.length === 0 || random.chance(0.05))
    return { kind: 'replay', deliveryId: ids(nowMs), nowMs, options: {} };
  if (replayed.length > 0 && random.chance(0.2))
    return { kind: 'replay', deliveryId: random.pick(replayed), nowMs, options: {} };
  const wasAtWork = spent.length > 0 && random.chance(0.5);
  const deliveryId = wasAtWork ? random.pick(spent).lease.deliveryId : random.pick(deliveryIds);
  return { kind: 'replay', deliveryId, nowMs, options: random.pick(REPLAY_OPTIONS) };
}

/** Mostly of a key that is not blocked, as a release often comes too late. */
export function releaseOperation({ random }: World): Operation {
  return { kind: 'releaseKey', destination: random.pick(ORDERED), orderKey: random.pick(ORDER_KEYS) };
}

function someSettlement({ random, nowMs }: World): Settlement {
  const dueAtMs = nowMs + someMs(random, LONGEST_DELAY_MS);
  return random.pick<Settlement>([
    { kind: 'completed' },
    { kind: 'completed' },
    { kind: 'retry', dueAtMs, error: `error at ${nowMs}` },
    { kind: 'failed', error: `last error at ${nowMs}`, ...(random.chance(0.5) && { blocksKey: true }) },
    { kind: 'released', dueAtMs },
  ]);
}

/** A span of time from 0 up to, but not including, the longest. */
export function someMs(random: SeededRandom, longestMs: number): number {
  return random.int(longestMs / GRAIN_MS) * GRAIN_MS;
}

/** Mostly one that holds; else one that did, or a token that never was on a delivery that may exist. */
function someLease({ random, held, spent, deliveryIds, ids, nowMs }: World): Held {
  if (held.size > 0 && random.chance(0.75)) return random.pick([...held]);
  if (spent.length > 0 && random.chance(0.6)) return random.pick(spent);
  const deliveryId = deliveryIds.length === 0 ? ids(nowMs) : random.pick(deliveryIds);
  return { lease: { deliveryId, token: 'never', untilMs: nowMs, orderKey: null }, attempts: 0 };
}

/** Half of the inserts have a mark, so that as many go by their keys alone. */
function someMark(random: SeededRandom, nowMs: number): ReplayMark | null {
  if (random.chance(0.5)) return null;
  const digest = new Uint8Array(16).fill(random.int(MARKS));
  return { digest, sinceMs: nowMs - someMs(random, LONGEST_WINDOW_MS) };
}

function someDestinations(random: SeededRandom): string[] {
  const shuffled = DESTINATIONS.map((name) => ({ name, order: random.next() }))
    .sort((a, b) => a.order - b.order)
    .map(({ name }) => name);
  return shuffled.slice(0, random.int(DESTINATIONS.length + 1));
}

function addressed(random: SeededRandom, destination: string): Addressee {
  const isOrdered = ORDERED.some((name) => name === destination) && random.chance(0.8);
  return isOrdered ? { destination, orderKey: random.pick(ORDER_KEYS) } : destination;
}

function asHeld(addressee: Addressee): Addressee {
  return { destination: destinationOf(addressee), orderKey: orderKeyOf(addressee), isHeld: true };
}

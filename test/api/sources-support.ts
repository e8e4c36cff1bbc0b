import type { AddressInfo } from 'node:net';
import { createOperations } from '../../src/bulk/operations.ts';
import { createDestinationStates } from '../../src/dispatch/destination-states.ts';
import { aDestination } from '../../src/dispatch/testing.ts';
import type { NamedToken } from '../../src/domain/role.ts';
import { createEmitter, type ReceiverEvent } from '../../src/events.ts';
import { createTokens } from '../../src/http/admin/tokens.ts';
import { createApi } from '../../src/http/api.ts';
import { createOneTimeCodes } from '../../src/http/console/one-time-codes.ts';
import { HTTP_LIMITS } from '../../src/http/server.ts';
import { type Ingest, type IngestOptions, openIngest } from '../../src/ingest/open-ingest.ts';
import type { Verification } from '../../src/ingest/source-config.ts';
import { createMetrics } from '../../src/observe/metrics.ts';
import { createSystemRandom } from '../../src/runtime/random.ts';
import { openMemoryStore } from '../../src/store/memory/open.ts';
import { createSearches } from '../../src/store/run-search.ts';
import type { Store } from '../../src/store/store.ts';
import { signWebhook } from '../../src/verify/index.ts';
import { createCountingIds } from '../../testkit/builders.ts';
import { createFakeClock, type FakeClock } from '../../testkit/fake-clock.ts';
import { NO_ALERTS } from './no-alerts.ts';
import { type Answer, request } from './support.ts';

/** When the requests of these tests are signed, in seconds. */
export const NOW_S = 1_760_000_000;
export const ADMIN = 'correct-horse-battery-staple';

/** What a source has that a test says nothing about. */
const PLAIN: Verification = {
  provider: null,
  schemes: null,
  secrets: [],
  publicKey: null,
  params: {},
  identity: { idempotencyKey: null, eventType: null },
  publicUrl: null,
  toleranceSeconds: null,
  replayWindowMs: null,
  replayOnRedelivery: true,
  handshakes: [],
  reply: null,
};

export type SourcesOptions = Readonly<{
  /** By name; null is one without verification. */
  sources: Readonly<Record<string, Partial<Verification> | null>>;
  store?: Store;
  publicUrl?: string;
  fetchStatus?: IngestOptions['fetchStatus'];
  keys?: IngestOptions['keys'];
  rejectedBounds?: IngestOptions['rejectedBounds'];
  maxPending?: number;
  /** The event types that the one destination wants; all by default. */
  events?: readonly string[];
  isOpen?: () => boolean;
  /** What sources mask, by name. */
  masks?: Readonly<Record<string, readonly string[]>>;
  /** Besides that of the admin. */
  tokens?: readonly NamedToken[];
}>;

export type StartedSources = Readonly<{
  url: string;
  port: number;
  store: Store;
  clock: FakeClock;
  ingest: Ingest;
  events: ReceiverEvent[];
  /** Asks the admin surface. */
  admin(path: string, method?: string): Promise<Answer>;
  metric(line: string): Promise<number>;
  /** The ids of all stored events of a source by the keys given. */
  stored(source: string, key: string): Promise<Awaited<ReturnType<Store['eventByKey']>>>;
  close(): Promise<void>;
}>;

/** Starts the HTTP face with real sources on a clock of its own: all of a receiver but the work behind the store. */
export async function startSources(
  t: Readonly<{ after(clean: () => Promise<void>): void }>,
  options: SourcesOptions,
): Promise<StartedSources> {
  const clock = createFakeClock(NOW_S * 1000);
  const store = options.store ?? openMemoryStore({ maxPendingDeliveries: options.maxPending ?? 1000 });
  const events: ReceiverEvent[] = [];
  const names = Object.keys(options.sources);
  const metrics = createMetrics({
    sources: ['default', ...names],
    destinations: [],
    queueLimit: 1000,
  });
  const scrape = metrics.scrape({ stats: () => store.stats(), clock });
  const emit = createEmitter([metrics.emit, (event) => void events.push(event)]);
  const ingest = await openIngest({
    sources: names.map((name) => {
      const own = options.sources[name]!;
      const mask = options.masks?.[name];
      return {
        name,
        verification: own === null ? null : { ...PLAIN, ...own },
        ...(mask !== undefined && { mask }),
      };
    }),
    store,
    destinations: [aDestination({ name: 'sink', events: options.events ?? ['*'] })],
    clock,
    newId: createCountingIds(),
    publicUrl: options.publicUrl ?? null,
    rejectedBounds: options.rejectedBounds ?? { maxRequests: 100, maxBytes: 1024 * 1024 },
    fetchStatus: options.fetchStatus ?? (() => Promise.reject(new Error('the test has nothing to fetch'))),
    keys: options.keys ?? { fetchText: () => Promise.reject(new Error('the test has nothing to fetch')) },
    emit,
    onAccepted: () => {},
    onPending: () => {},
  });
  const tokens = createTokens([{ name: 'admin', role: 'admin', token: ADMIN }, ...(options.tokens ?? [])]);
  const api = await createApi({
    ingest: {
      inEffect: ingest.inEffect,
      budget: { maxBytesInFlight: 64 * 1024 * 1024, bytesInFlight: 0 },
      maxBodyBytes: 1024 * 1024,
      emit,
      isOpen: options.isOpen ?? (() => true),
    },
    store,
    metrics: scrape,
    readiness: async () => null,
    emit,
    version: '0.0.0',
    console: { publicUrl: null, noteLastEvent: () => {} },
    admin: {
      store,
      clock,
      emit,
      tokens: () => tokens,
      isSource: (name) => names.includes(name),
      reverify: ingest.inEffect().reverify,
      mask: ingest.mask,
      unroutedReason: ingest.unroutedReason,
      onPending: () => {},
      states: createDestinationStates(store, clock),
      destinations: () => [],
      markPending: async () => {},
      onStateDropped: ingest.onStateDropped,
      reload: async () => ({ kind: 'not_reloadable' }),
      importEvents: () => Promise.reject(new Error('The test does not import.')),
      reconcile: () => ({ kind: 'refused', code: 'invalid', detail: 'The test does not reconcile.' }),
      searches: createSearches(store, clock),
      explained: () => ({}),
      lastEventMs: () => null,
      sendTest: () => Promise.reject(new Error('The test sends no test.')) as never,
      minutes: async () => [],
      sources: () => [],
      publicUrl: null,
      operations: createOperations({
        store,
        clock,
        newId: createCountingIds(),
        destinations: () => [],
        wake: () => {},
        waitsFor: () => null,
      }),
      alerts: NO_ALERTS,
      codes: createOneTimeCodes(clock, createSystemRandom()),
    },
    limits: { ...HTTP_LIMITS, closeGraceMs: 20 },
  });
  await ingest.confirmations.start();
  await api.listen({ host: '127.0.0.1', port: 0 });
  let closing: Promise<void> | null = null;
  const close = () => {
    closing ??= (async () => {
      await ingest.confirmations.stop();
      await api.close();
    })();
    return closing;
  };
  t.after(close);
  const { port } = api.server.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}`;
  return {
    ...{ url, port, store, clock, ingest, events, close },
    admin: (path, method = 'GET') =>
      request(`${url}/admin${path}`, { method, headers: { authorization: `Bearer ${ADMIN}` } }),
    async metric(line) {
      const found = (await scrape.text()).split('\n').find((other) => other.startsWith(`${line} `));
      return found === undefined ? Number.NaN : Number(found.slice(line.length + 1));
    },
    stored: (source, key) => store.eventByKey(source, key),
  };
}

export type Signed = Readonly<{
  provider: string;
  secret?: string;
  body: string | Uint8Array;
  headers?: Readonly<Record<string, string>>;
  params?: Readonly<Record<string, string>>;
  /** What the provider takes for the URL; that which is posted to by default. */
  publicUrl?: string;
  nowMs?: number;
}>;

/** Posts as the provider would. */
export function postSigned(url: string, options: Signed): Promise<Answer> {
  const { method, body, headers } = signWebhook({
    provider: options.provider,
    ...(options.secret !== undefined && { secret: options.secret }),
    ...(options.params !== undefined && { params: options.params }),
    url: options.publicUrl ?? url,
    body: typeof options.body === 'string' ? Buffer.from(options.body) : options.body,
    headers: options.headers ?? { 'content-type': 'application/json' },
    nowMs: options.nowMs ?? NOW_S * 1000,
    newId: () => 'a-new-id',
  });
  const pairs = Array.from({ length: headers.length / 2 }, (_, i) => [headers[2 * i]!, headers[2 * i + 1]!]);
  return request(url, { method, headers: pairs as [string, string][], body: body as never });
}

export type { Ingest };

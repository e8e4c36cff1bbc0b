import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import type { Standing } from '../domain/destination-state.ts';
import { type Emit, LOGIN_FAILURES } from '../events.ts';
import type { Queue } from '../queue/queue.ts';
import { type Clock, sleep } from '../runtime/clock.ts';
import type { FailureGroup, StoreStats } from '../store/store.ts';
import { packageVersion } from './build-info.ts';
import { alertMetrics, createLastEventGauge } from './metrics/alerts.ts';
import { configMetrics } from './metrics/config.ts';
import { deliveryMetrics } from './metrics/delivery.ts';
import { breakerMetrics, createStandingGauges } from './metrics/destinations.ts';
import { createFailureGauges } from './metrics/failures.ts';
import { type HandshakeName, handshakeMetrics } from './metrics/handshake.ts';
import { ingestMetrics } from './metrics/ingest.ts';
import { createNames } from './metrics/names.ts';
import { operationMetrics } from './metrics/operations.ts';
import { createQueueGauges, queueMetrics } from './metrics/queue.ts';
import { reconcileMetrics } from './metrics/reconcile.ts';
import { searchMetrics } from './metrics/searches.ts';
import { spanMetrics } from './metrics/spans.ts';
import { storeMetrics } from './metrics/store.ts';
import { createStoreGauges } from './metrics/store-gauges.ts';
import { type Family, openMetricsText } from './open-metrics.ts';
import { createSubscriber, type Handlers } from './subscriber.ts';

/** Configured names: with the fixed lists of words they are all that labels are made of. */
export type ConfiguredNames = Readonly<{
  sources: readonly string[];
  /** The sources that verify their requests. */
  verifiedSources?: readonly string[];
  destinations: readonly string[];
  /** The destinations with order. */
  orderedDestinations?: readonly string[];
  handshakes?: readonly HandshakeName[];
}>;

export type MetricsOptions = ConfiguredNames &
  Readonly<{
    /** Most deliveries that may be pending. */
    queueLimit: number;
  }>;

/** What a scrape reads beside the counters. */
export type Readings = Readonly<{
  /** Read once for each scrape. */
  stats: () => Promise<StoreStats>;
  /** Dead letters by cause, as of a while ago; left out: not shown. */
  failures?: () => Promise<readonly FailureGroup[]>;
  /** The broker beside the store; null or left out without one. */
  queue?: Pick<Queue, 'health' | 'depth'> | null;
  /** Whether a destination is held or tripped. */
  standingOf?: (destination: string) => Standing;
  /** When a source last sent an event: 0 for never, null for unknown. */
  lastEventMs?: (source: string) => number | null;
  /** Whether the receiver takes events, as `GET /ready` says. */
  ready?: () => boolean;
  clock: Clock;
}>;

export type Scrape = Readonly<{
  /** The answer to a scrape. Never rejects because of the store. */
  text: () => Promise<string>;
  /** The same as OpenMetrics, with exemplars. */
  openMetrics: () => Promise<string>;
  /** The same as data. */
  families: () => Promise<readonly Family[]>;
  contentType: string;
}>;

export type Metrics = Readonly<{
  /** Counts what the core emits; pass it to createEmitter. */
  emit: Emit;
  registry: Registry;
  /** The names of another configuration: new ones get their series at once. */
  use: (names: ConfiguredNames) => void;
  /** Serves the metrics, with gauges that are read at each scrape. */
  scrape: (readings: Readings) => Scrape;
}>;

/** A store that hangs must not take the other metrics with it: Prometheus gives a scrape 10 s by default. */
export const STATS_TIMEOUT_MS = 2000;

/** All metrics of one receiver. Their names are an interface: dashboard and alert rules depend on them. */
export function createMetrics(options: MetricsOptions): Metrics {
  const own = new Registry();
  const { use, ...names } = createConfiguredNames();
  use(options);
  const emit = createSubscriber({
    ...ingestMetrics(own, names.sources, names.verified, names.ordered),
    ...handshakeMetrics(own, names.verified, names.handshakes),
    ...deliveryMetrics(own, names.destinations),
    ...storeMetrics(own),
    ...configMetrics(own),
    ...queueMetrics(own),
    ...breakerMetrics(own, names.destinations),
    ...reconcileMetrics(own, names.verified),
    ...searchMetrics(own),
    ...operationMetrics(own),
    ...alertMetrics(own),
    ...loginMetrics(own),
    ...spanMetrics(own),
  });
  const readyGauge = receiverGauges(own, options.queueLimit);
  const storeGauges = createStoreGauges(own, names.destinations);
  const failureGauges = createFailureGauges(own, names.destinations);
  const setStandings = createStandingGauges(own, names.destinations);
  const setLastEvents = createLastEventGauge(own, names.sources);
  const refreshQueueGauges = createQueueGauges(own);
  const registry = Registry.merge([own, processRegistry()]);
  return {
    emit,
    registry,
    use,
    scrape({
      stats,
      failures = async () => [],
      queue = null,
      standingOf = () => 'open',
      lastEventMs = () => null,
      ready = () => true,
      clock,
    }) {
      const refreshers = [
        storeRefresher(storeGauges, stats, clock, emit),
        storeRefresher(failureGauges, failures, clock, emit),
      ];
      const refresh = async () => {
        readyGauge.set(ready() ? 1 : 0);
        setStandings(standingOf);
        setLastEvents(lastEventMs);
        await Promise.all([
          ...refreshers.map((refreshGauges) => refreshGauges()),
          queue === null ? null : withinScrape(refreshQueueGauges(queue), clock),
        ]);
      };
      const families = async () => {
        await refresh();
        return (await registry.getMetricsAsJSON()) as unknown as Family[];
      };
      return {
        async text() {
          await refresh();
          return registry.metrics();
        },
        openMetrics: async () => openMetricsText(await families()),
        families,
        contentType: registry.contentType,
      };
    },
  };
}

function loginMetrics(registry: Registry): Handlers {
  const failures = new Counter({
    name: 'webhook_login_failures_total',
    help: 'Requests to the admin surface without a token that is known.',
    labelNames: ['reason'],
    registers: [registry],
  });
  for (const reason of LOGIN_FAILURES) failures.inc({ reason }, 0);
  return { 'login.failed': ({ reason }) => failures.inc({ reason }) };
}

function createConfiguredNames() {
  const sources = createNames();
  const verified = createNames();
  const destinations = createNames();
  const ordered = createNames();
  const handshakes = createNames<HandshakeName>([], ({ source, handshake }) => `${source} ${handshake}`);
  return {
    ...{ sources, verified, destinations, ordered, handshakes },
    use(names: ConfiguredNames) {
      // The sources last: what they get depends on whether they are verified.
      verified.use(names.verifiedSources ?? []);
      sources.use(names.sources);
      destinations.use(names.destinations);
      ordered.use(names.orderedDestinations ?? []);
      handshakes.use(names.handshakes ?? []);
    },
  };
}

/** Every 10 ms, as prom-client has it, is most of what an idle process does. */
const LAG_EVERY_MS = 50;

let ofProcess: Registry | null = null;

/**
 * Node's own metrics: memory, CPU, event loop lag, garbage collection. They belong to the process, and the observers
 * behind them cannot be stopped, so all receivers of a process share one registry.
 */
function processRegistry(): Registry {
  if (ofProcess === null) {
    ofProcess = new Registry();
    collectDefaultMetrics({ register: ofProcess, eventLoopMonitoringPrecision: LAG_EVERY_MS });
  }
  return ofProcess;
}

/** @returns the ready gauge, to be set at each scrape */
function receiverGauges(registry: Registry, queueLimit: number): Gauge {
  new Gauge({
    name: 'webhook_build_info',
    help: 'Always 1; the labels are the versions that run.',
    labelNames: ['version', 'node'],
    registers: [registry],
  }).set({ version: packageVersion(), node: process.version }, 1);
  new Gauge({
    name: 'webhook_queue_limit',
    help: 'Most deliveries that may be pending; beyond it new events are answered 429.',
    registers: [registry],
  }).set(queueLimit);
  return new Gauge({
    name: 'webhook_ready',
    help: '1 when the receiver takes events, as GET /ready says.',
    registers: [registry],
  });
}

/** Sets gauges from what the store has, or removes their samples. */
function storeRefresher<Found>(
  gauges: Readonly<{ set(found: Found, nowMs: number): void; clear(): void }>,
  ask: () => Promise<Found>,
  clock: Clock,
  emit: Emit,
): () => Promise<void> {
  const read = boundedReader(ask, clock);
  return async () => {
    try {
      gauges.set(await read(), clock.nowMs());
    } catch (error) {
      gauges.clear();
      emit({ type: 'store.failed', operation: 'stats', error: error as Error });
    }
  };
}

/** Waits no longer than a scrape can; a later reading shows in the next scrape. */
async function withinScrape(refresh: Promise<void>, clock: Clock): Promise<void> {
  const done = new AbortController();
  await Promise.race([refresh.finally(() => done.abort()), sleep(clock, STATS_TIMEOUT_MS, done.signal)]);
}

/** One reading at a time, however many scrapes: a store that hangs is not sent ever more queries. */
function boundedReader<Found>(ask: () => Promise<Found>, clock: Clock): () => Promise<Found> {
  let inFlight: Promise<Found> | null = null;
  return async () => {
    inFlight ??= ask().finally(() => {
      inFlight = null;
    });
    const settled = new AbortController();
    const timeout = sleep(clock, STATS_TIMEOUT_MS, settled.signal).then(() => {
      throw new Error(`the store did not return its counts within ${STATS_TIMEOUT_MS} ms`);
    });
    try {
      return await Promise.race([inFlight, timeout]);
    } finally {
      settled.abort();
    }
  };
}

import { Gauge, Registry } from 'prom-client';
import type { Emit } from '../events.ts';
import type { Queue } from '../queue/queue.ts';
import { type Clock, sleep } from '../runtime/clock.ts';
import type { StoreStats } from '../store/store.ts';
import { packageVersion } from './build-info.ts';
import { deliveryMetrics } from './metrics/delivery.ts';
import { type HandshakeName, handshakeMetrics } from './metrics/handshake.ts';
import { ingestMetrics } from './metrics/ingest.ts';
import { processRegistry } from './metrics/process.ts';
import { createQueueGauges, queueMetrics } from './metrics/queue.ts';
import { storeMetrics } from './metrics/store.ts';
import { createStoreGauges } from './metrics/store-gauges.ts';
import { createSubscriber } from './subscriber.ts';

export type MetricsOptions = Readonly<{
  /** Configured names: with the fixed lists of words they are all that labels are made of. */
  sources: readonly string[];
  /** Those of them that verify their requests. */
  verifiedSources?: readonly string[];
  /** Destinations with order. */
  orderedDestinations?: readonly string[];
  destinations: readonly string[];
  handshakes?: readonly HandshakeName[];
  /** Most deliveries that may be pending. */
  queueLimit: number;
  /** Read once for each scrape. */
  stats: () => Promise<StoreStats>;
  clock: Clock;
  /** The broker beside the store, asked for at each scrape; null or left out without one. */
  queue?: () => Pick<Queue, 'health' | 'depth'> | null;
  /** What `GET /ready` goes by. */
  ready?: () => boolean;
}>;

export type Metrics = Readonly<{
  /** Counts what the core tells; hand it to createEmitter. */
  emit: Emit;
  /** The scrape. Never rejects because of the store. */
  text: () => Promise<string>;
  contentType: string;
  registry: Registry;
}>;

/** A store that hangs must not take the other metrics with it: Prometheus gives a scrape 10 s by default. */
export const STATS_TIMEOUT_MS = 2000;

/** All metrics of one receiver. Their names are the operator's interface: the dashboard and the alerts go by them. */
export function createMetrics(options: MetricsOptions): Metrics {
  const own = new Registry();
  const emit = createSubscriber({
    ...ingestMetrics(own, options.sources, options.verifiedSources ?? [], options.orderedDestinations ?? []),
    ...handshakeMetrics(own, options.verifiedSources ?? [], options.handshakes ?? []),
    ...deliveryMetrics(own, options.destinations),
    ...storeMetrics(own),
    ...queueMetrics(own),
  });
  const readyGauge = receiverGauges(own, options.queueLimit);
  const refreshStoreGauges = storeRefresher(own, options, emit);
  const refreshQueueGauges = bounded(createQueueGauges(own, options.queue ?? (() => null)), options.clock);
  const registry = Registry.merge([own, processRegistry()]);
  return {
    emit,
    async text() {
      readyGauge.set((options.ready?.() ?? true) ? 1 : 0);
      await Promise.all([refreshStoreGauges(), refreshQueueGauges()]);
      return registry.metrics();
    },
    contentType: registry.contentType,
    registry,
  };
}

/** @returns the gauge that has to be set at each scrape */
function receiverGauges(registry: Registry, queueLimit: number): Gauge {
  new Gauge({
    name: 'webhook_build_info',
    help: 'Always 1; the labels tell what is running.',
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
    help: '1 when the receiver takes events, as GET /ready tells.',
    registers: [registry],
  });
}

function storeRefresher(registry: Registry, options: MetricsOptions, emit: Emit): () => Promise<void> {
  const gauges = createStoreGauges(registry, options.destinations);
  const read = boundedReader(options.stats, options.clock);
  return async () => {
    try {
      gauges.set(await read(), options.clock.nowMs());
    } catch (error) {
      gauges.clear();
      emit({ type: 'store.failed', operation: 'stats', error: error as Error });
    }
  };
}

/** Waits no longer than a scrape can; what comes later shows in the next. */
function bounded(refresh: () => Promise<void>, clock: Clock): () => Promise<void> {
  return async () => {
    const done = new AbortController();
    await Promise.race([refresh().finally(() => done.abort()), sleep(clock, STATS_TIMEOUT_MS, done.signal)]);
  };
}

/** One reading at a time, however many scrape: a store that hangs is not sent ever more questions. */
function boundedReader(stats: () => Promise<StoreStats>, clock: Clock): () => Promise<StoreStats> {
  let inFlight: Promise<StoreStats> | null = null;
  return async () => {
    inFlight ??= stats().finally(() => {
      inFlight = null;
    });
    const settled = new AbortController();
    const timeout = sleep(clock, STATS_TIMEOUT_MS, settled.signal).then(() => {
      throw new Error(`the store did not tell its counts within ${STATS_TIMEOUT_MS} ms`);
    });
    try {
      return await Promise.race([inFlight, timeout]);
    } finally {
      settled.abort();
    }
  };
}

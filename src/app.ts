import type { AddressInfo } from 'node:net';
import type { Config } from './config/config.ts';
import { type Delivering, type DeliveringParts, openDelivering } from './dispatch/open-dispatch.ts';
import { createPurger } from './dispatch/purger.ts';
import { createRejectedPurger } from './dispatch/rejected-purger.ts';
import { createEmitter } from './events.ts';
import { closeHandlers, openHandlers } from './handlers/open-handlers.ts';
import { createApi } from './http/api.ts';
import { createReadiness, type Phase } from './http/health.ts';
import { fetchStatus } from './ingest/confirm-subscription.ts';
import { openIngest } from './ingest/open-ingest.ts';
import { handshakesOf } from './ingest/open-source.ts';
import type { SourceConfig } from './ingest/source-config.ts';
import { packageVersion } from './observe/build-info.ts';
import { createLog, createLogSubscriber } from './observe/log.ts';
import { createMetrics } from './observe/metrics.ts';
import { announce } from './observe/report-start.ts';
import { systemClock } from './runtime/clock.ts';
import { createIdGenerator } from './runtime/ids.ts';
import { createSystemRandom } from './runtime/random.ts';
import { openStore } from './store/open-store.ts';
import type { Store, StoreStats } from './store/store.ts';

/** A receiver that runs. */
export type App = Readonly<{
  /** Where it listens, such as http://127.0.0.1:8000. */
  url: string;
  /** Takes no more events, lets work finish for the grace, releases the rest, closes the store. */
  stop(): Promise<void>;
  /** Rejects if the receiver can no longer do its work and the process had better end. */
  failed: Promise<never>;
}>;

/** What no user may set: tests of dying nodes make leases short, so as not to wait half a minute for each. */
export type Internals = Pick<DeliveringParts, 'leaseMs'>;

/** Bodies in memory at once, over all requests: enough for thousands of common ones, and for a few of the largest. */
const bytesInFlight = (maxBodyBytes: number) => Math.max(64 * 1024 * 1024, 4 * maxBodyBytes);

/**
 * The composition root: builds everything once and starts it in order.
 * @throws ConfigError for a handler that cannot be loaded, StoreError when the store cannot be opened, or the
 *   system's own error when the address is taken
 */
export async function startApp(config: Config, internals: Internals = {}): Promise<App> {
  const clock = systemClock;
  const random = createSystemRandom();
  const newId = createIdGenerator(random);
  const { destinations } = config;
  let phase: Phase = 'starting';
  let onDue = () => {};

  const failure = Promise.withResolvers<never>();
  // A receiver that is stopped before it fails leaves nobody to listen.
  failure.promise.catch(() => {});
  const log = createLog(config.log);
  const metrics = createMetrics({
    sources: config.sources.map(({ name }) => name),
    verifiedSources: config.sources.flatMap(({ name, verification }) => (verification === null ? [] : name)),
    destinations: destinations.map(({ name }) => name),
    orderedDestinations: destinations.flatMap(({ name, order }) => (order === null ? [] : name)),
    handshakes: config.sources.flatMap(namedHandshakes),
    queueLimit: config.queueMaxSize,
    stats: () => store.stats(),
    queue: () => delivering.queue,
    clock,
    ready: () => phase === 'running',
  });
  const emit = createEmitter([metrics.emit, createLogSubscriber(log, { clock })]);

  const handlers = await openHandlers(destinations, { clock, random });
  const store: Store = await openStore({
    path: config.dbPath,
    databaseUrl: config.databaseUrl,
    databaseDirectUrl: config.databaseDirectUrl,
    maxPendingDeliveries: config.queueMaxSize,
    observer: {
      onCommit: (operations, durationMs) => emit({ type: 'store.committed', operations, durationMs }),
      onDue: () => onDue(),
      onClockSkew: (skewMs) => emit({ type: 'store.clock_skew', skewMs }),
      onFatal: (error) => {
        emit({ type: 'receiver.failed', message: 'the store ended; restart the process', error });
        failure.reject(error);
      },
    },
  }).catch(async (error: unknown) => {
    await closeHandlers(handlers);
    throw error;
  });

  const core = { store, clock, random, newId, emit };
  const delivering: Delivering = openDelivering({ ...core, ...internals, config, handlers });
  const purger = createPurger({
    ...core,
    retentionMs: config.retentionMs,
    intervalMs: config.cleanupIntervalMs,
  });
  const rejectedPurger = createRejectedPurger({
    ...core,
    retentionMs: config.rejected.retentionMs,
    intervalMs: config.cleanupIntervalMs,
  });
  const { maxBodyBytes, publicUrl, adminToken } = config.http;
  const ingest = await openIngest({
    ...core,
    sources: config.sources,
    destinations,
    publicUrl,
    rejectedBounds: config.rejected,
    fetchStatus,
  }).catch(async (error: unknown) => {
    await delivering.close();
    await store.close();
    await closeHandlers(handlers);
    throw error;
  });
  const api = await createApi({
    ingest: {
      accept: async (source, request) => {
        const outcome = await ingest.accept(source, request);
        if (outcome.kind === 'accepted') delivering.onAccepted(outcome.receipt.id, outcome.destinations);
        return outcome;
      },
      sources: ingest.sources,
      budget: { maxBodyBytes, maxBytesInFlight: bytesInFlight(maxBodyBytes), bytesInFlight: 0 },
      emit,
      isOpen: () => phase === 'running',
    },
    store,
    metrics,
    readiness: createReadiness({ store, clock, phase: () => phase }),
    degradations: delivering.degradations,
    emit,
    version: packageVersion(),
    admin: {
      store,
      clock,
      emit,
      token: adminToken,
      sources: config.sources.map(({ name }) => name),
      reverify: ingest.reverify,
      onPending: delivering.onPending,
      onAccepted: delivering.onAccepted,
      onStateDropped: ingest.onStateDropped,
    },
  });

  const services = [...delivering.services, purger, rejectedPurger, ingest.confirmations];
  const close = async () => {
    for (const service of services.toReversed()) await service.stop();
    await api.close();
    await delivering.close();
    await store.close();
    await closeHandlers(handlers);
  };
  let stats: StoreStats;
  try {
    await delivering.reclaim();
    // Before anything is taken: a database that cannot be read ends the start, and no connection.
    stats = await store.stats();
    await api.listen({ host: config.http.host, port: config.http.port });
  } catch (error) {
    await close();
    throw error;
  }
  delivering.dispatcher.start();
  onDue = delivering.onDue;
  for (const service of services) await service.start();
  phase = 'running';

  const url = urlOf(api.server.address() as AddressInfo);
  announce({ config, stats, sources: ingest.sources }, url, emit);
  let stopping: Promise<void> | null = null;
  return {
    url,
    failed: failure.promise,
    stop() {
      stopping ??= (async () => {
        phase = 'stopping';
        emit({ type: 'receiver.notice', message: 'stopping: events are no longer taken, work drains' });
        await delivering.dispatcher.stop(config.shutdownGraceMs);
        await close();
        emit({ type: 'receiver.notice', message: 'stopped' });
      })();
      return stopping;
    },
  };
}

/** For series that are there from the start. */
function namedHandshakes(source: SourceConfig) {
  const handshakes = handshakesOf(source);
  const confirms = handshakes.some(({ action }) => action?.kind === 'confirm-subscription');
  return handshakes.map(({ name }) => ({ source: source.name, handshake: name, confirms }));
}

function urlOf({ address, family, port }: AddressInfo): string {
  return `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`;
}

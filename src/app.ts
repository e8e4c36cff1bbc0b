import type { AddressInfo } from 'node:net';
import type { Config, DestinationConfig } from './config/config.ts';
import { createDispatcher } from './dispatch/dispatcher.ts';
import { createHeartbeat } from './dispatch/heartbeat.ts';
import { createPurger } from './dispatch/purger.ts';
import { createReaper } from './dispatch/reaper.ts';
import { createRouter } from './domain/destination.ts';
import { closeHandlers, openHandlers } from './handlers/open-handlers.ts';
import { createApi } from './http/api.ts';
import { createReadiness, type Phase } from './http/readiness.ts';
import { createAccept } from './ingest/accept.ts';
import { packageVersion } from './observe/build-info.ts';
import { createEmitter, type Emit } from './observe/events.ts';
import { createLog, createLogSubscriber } from './observe/log.ts';
import { createMetrics } from './observe/metrics.ts';
import { systemClock } from './runtime/clock.ts';
import { createIdGenerator } from './runtime/ids.ts';
import { createSystemRandom } from './runtime/random.ts';
import { openStore } from './store/open-store.ts';
import type { Store } from './store/store.ts';

/** A receiver that runs. */
export type App = Readonly<{
  /** Where it listens, such as http://127.0.0.1:8000. */
  url: string;
  /** Takes no more events, lets work finish for the grace, releases the rest, closes the store. */
  stop(): Promise<void>;
  /** Rejects if the receiver can no longer do its work and the process had better end. */
  failed: Promise<never>;
}>;

/** How long a claim holds without a heartbeat. */
const LEASE_MS = 30_000;

/** Bodies in memory at once, over all requests: enough for thousands of common ones, and for a few of the largest. */
const bytesInFlight = (maxBodyBytes: number) => Math.max(64 * 1024 * 1024, 4 * maxBodyBytes);

/**
 * The composition root: builds everything once and starts it in order.
 * @throws ConfigError for a handler that cannot be loaded, StoreError when the store cannot be opened, or the
 *   system's own error when the address is taken
 */
export async function startApp(config: Config): Promise<App> {
  const clock = systemClock;
  const random = createSystemRandom();
  const newId = createIdGenerator(random);
  const { destinations } = config;
  let phase: Phase = 'starting';

  const failure = Promise.withResolvers<never>();
  // A receiver that is stopped before it fails leaves nobody to listen.
  failure.promise.catch(() => {});
  const log = createLog(config.log);
  const stats = () => store.stats();
  const metrics = createMetrics({
    sources: config.sources.map(({ name }) => name),
    destinations: destinations.map(({ name }) => name),
    queueLimit: config.queueMaxSize,
    stats,
    clock,
    ready: () => phase === 'running',
  });
  const emit = createEmitter([metrics.emit, createLogSubscriber(log, { clock })]);

  const handlers = await openHandlers(destinations, { clock, random });
  const store: Store = await openStore({
    path: config.dbPath,
    maxPendingDeliveries: config.queueMaxSize,
    observer: {
      onCommit: (operations, durationMs) => emit({ type: 'store.committed', operations, durationMs }),
      onFatal: (error) => {
        emit({ type: 'receiver.failed', message: 'the store ended; restart the process', error });
        failure.reject(error);
      },
    },
  }).catch(async (error: unknown) => {
    await closeHandlers(handlers);
    throw error;
  });

  const { workerCount } = config;
  const core = { store, clock, random, newId, emit, destinations };
  const dispatcher = createDispatcher({ ...core, handlers, workerCount, leaseMs: LEASE_MS });
  const heartbeat = createHeartbeat({ ...core, dispatcher, leaseMs: LEASE_MS });
  const reaper = createReaper({ ...core, dispatcher, defaultRetry: config.retry });
  const purger = createPurger({
    ...core,
    retentionMs: config.retentionMs,
    intervalMs: config.cleanupIntervalMs,
  });
  const accept = createAccept({ store, route: createRouter(destinations), clock, newId });
  const { maxBodyBytes } = config.http;
  const api = await createApi({
    ingest: {
      accept: async (source, request) => {
        const outcome = await accept(source, request);
        if (outcome.kind === 'accepted' && outcome.deliveries > 0) dispatcher.wake();
        return outcome;
      },
      sources: config.sources.map(({ name }) => name),
      budget: { maxBodyBytes, maxBytesInFlight: bytesInFlight(maxBodyBytes), bytesInFlight: 0 },
      emit,
      isOpen: () => phase === 'running',
    },
    store,
    metrics,
    readiness: createReadiness({ store, clock, phase: () => phase }),
    emit,
    version: packageVersion(),
    admin: { store, clock, token: config.http.adminToken, onReplay: () => dispatcher.wake() },
  });

  const services = [heartbeat, reaper, purger];
  const close = async () => {
    for (const service of services.toReversed()) await service.stop();
    await api.close();
    await store.close();
    await closeHandlers(handlers);
  };
  try {
    await reaper.reclaimAll();
    await api.listen({ host: config.http.host, port: config.http.port });
  } catch (error) {
    await close();
    throw error;
  }
  dispatcher.start();
  for (const service of services) await service.start();
  phase = 'running';

  const url = urlOf(api.server.address() as AddressInfo);
  await announce(config, store, url, emit);
  let stopping: Promise<void> | null = null;
  return {
    url,
    failed: failure.promise,
    stop() {
      stopping ??= (async () => {
        phase = 'stopping';
        emit({ type: 'receiver.notice', message: 'stopping: events are no longer taken, work drains' });
        await dispatcher.stop(config.shutdownGraceMs);
        await close();
        emit({ type: 'receiver.notice', message: 'stopped' });
      })();
      return stopping;
    },
  };
}

function urlOf({ address, family, port }: AddressInfo): string {
  return `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`;
}

/** The few lines that a start says, and what an operator should know of before it hurts. */
async function announce(config: Config, store: Store, url: string, emit: Emit): Promise<void> {
  const { destinations } = config;
  const names = destinations.map(({ name }) => name);
  emit({
    type: 'receiver.notice',
    message: `listening on ${url}`,
    details: { database: config.dbPath, destinations: names, config_file: config.configFile },
  });
  if (destinations.some(isStandIn)) {
    emit({
      type: 'receiver.notice',
      message: 'no destinations are configured: the simulator processes all events',
    });
  }
  const { counts } = await store.stats();
  for (const { destination, status, count } of counts) {
    if (status !== 'pending' || names.includes(destination)) continue;
    const message = `${count} deliveries are pending for a destination that is not configured: ${destination}`;
    emit({ type: 'receiver.warning', message });
  }
}

function isStandIn({ target }: DestinationConfig): boolean {
  return target.kind === 'simulator';
}

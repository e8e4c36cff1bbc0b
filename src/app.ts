import type { Config } from './config/config.ts';
import { checkDefaultSource } from './config/sources.ts';
import { createAlertDesk } from './dispatch/alert-desk.ts';
import type { Watched } from './dispatch/alert-parts.ts';
import { createSigns, type Signs } from './dispatch/alert-signs.ts';
import { createAlertWatch } from './dispatch/alert-watch.ts';
import { createAuditPurger } from './dispatch/audit-purger.ts';
import { createCleanupGuard } from './dispatch/cleanup-guard.ts';
import { createDestinationStates, type DestinationStates } from './dispatch/destination-states.ts';
import { createLastEvents } from './dispatch/last-events.ts';
import { type Dispatch, type DispatchParts, openDispatch } from './dispatch/open-dispatch.ts';
import { createPurger } from './dispatch/purger.ts';
import { createRejectedPurger } from './dispatch/rejected-purger.ts';
import type { Reload } from './domain/reload.ts';
import { createEmitter, type Emit } from './events.ts';
import { openHandlerSet } from './handlers/handler-set.ts';
import type { Phase } from './http/health.ts';
import { fetchStatus } from './ingest/confirm-subscription.ts';
import { type Ingest, openIngest } from './ingest/open-ingest.ts';
import { isUnreadable } from './ingest/unrouted.ts';
import { openListeners } from './listeners.ts';
import { createHandlerLog } from './observe/log/handler-log.ts';
import { createLog, createLogSubscriber } from './observe/log.ts';
import { createSearchObserver } from './observe/metrics/searches.ts';
import { createMetrics } from './observe/metrics.ts';
import { createMinuteFlush, createMinutes } from './observe/minutes.ts';
import { reportStart } from './observe/report-start.ts';
import { openOperations } from './open-operations.ts';
import { type Access, accessOf, handlerConfig, namesOf, prepareConfig, watchedOf } from './prepare-config.ts';
import { createReconcile, type Reconcile } from './reconcile/reconcile.ts';
import { createReconcileSchedule } from './reconcile/schedule.ts';
import { createReload, type ReloadParts } from './reload.ts';
import { type Clock, monotonicMs, systemClock } from './runtime/clock.ts';
import { createCorrectedClock } from './runtime/corrected-clock.ts';
import { createIdGenerator, type IdGenerator } from './runtime/ids.ts';
import { createSystemRandom, type Random } from './runtime/random.ts';
import type { Service } from './runtime/service.ts';
import { createSignal } from './runtime/signal.ts';
import { writeStartRow } from './start-row.ts';
import { createFailuresLook } from './store/failures-look.ts';
import { openStore, readDiskRoom } from './store/open-store.ts';
import { createSearches } from './store/run-search.ts';
import type { CleanupKind, Store, StoreObserver, StoreStats } from './store/store.ts';
import { openMetricsExport, openTracing, withAlertTraces, withReplayTraces } from './telemetry.ts';
import type { Tracing } from './trace/tracing.ts';

/** A running receiver. */
export type App = Readonly<{
  /** Where it listens, such as http://127.0.0.1:8000. */
  url: string;
  /** Where it listens for operators; the same unless they have a port of their own. */
  adminUrl: string;
  /** Opens the console of the terminal that started it, once; null where there is none. */
  terminalLink: string | null;
  /** Reads the configuration again; a receiver inside another program has none to read. */
  reload: Reload;
  /** Tells of a failure of what the program around the receiver asked for. */
  reportFailure(error: Error): void;
  /** Takes no more events, lets work finish for the grace, releases the rest, closes the store. */
  stop(): Promise<void>;
  /** Rejects if the receiver can no longer do its work and the process should end. */
  failed: Promise<never>;
}>;

/** Settings that no user has: tests of dying nodes make leases short, so as not to wait half a minute for each. */
export type Internals = Pick<DispatchParts, 'leaseMs'>;

/**
 * The composition root: builds everything once and starts it in order. A stop, or a start that fails, closes what is
 * open in reverse.
 * @param read reads the configuration again for a reload; null if there is nothing to read
 * @param isOnTerminal a person has started it by hand: without a token that person gets a console
 * @throws ConfigError for a handler that cannot be loaded, StoreError when the store cannot be opened, or the
 *   system's own error when the address is taken
 */
export async function startApp(
  config: Config,
  internals: Internals = {},
  read: ReloadParts['read'] = null,
  isOnTerminal = false,
): Promise<App> {
  await using opened = new AsyncDisposableStack();
  // Where several processes share a store, its clock decides what is due and whose lease is over.
  const clock = createCorrectedClock(systemClock);
  const random = createSystemRandom();
  const { metrics, log, minutes, signs, emit } = createObservers(config, clock);
  const [failure, due] = [createFailure(), createSignal()];
  let phase: Phase = 'starting';
  const stopping = createStopWatch(config.shutdownGraceMs);

  const handlers = await openHandlerSet(handlerConfig(config, { clock, random }));
  opened.defer(handlers.closeAll);
  const observer = { onDue: due.raise, onFatal: failure.reject, onClockReading: clock.correct };
  const tools = { clock, random, newId: createIdGenerator(random), emit };
  const traced = await openTracedInbox(opened, config, tools, observer, stopping.flushMs);
  const core = { ...tools, ...traced, signs, failures: createFailuresLook(traced.store) };
  const { store, tracing } = traced;
  const dispatch = openDispatch({
    ...{ ...core, ...config, ...internals, isUnreadable },
    handlers: handlers.inEffect(),
    openHandlerLog: createHandlerLog(log),
    onUnused: (handler) =>
      void handlers.close(handler).catch(reportFailure(emit, 'a replaced handler failed to close')),
  });
  opened.defer(() => dispatch.close());
  const ingest = await openSources(config, core, dispatch);
  const watch = { watched: watchedOf(config) };
  const configured = { handlers, dispatch, ingest, metrics, log, tracing, access: accessOf(config), watch };
  const { reconcile, schedule } = openReconciling(config, core, ingest, configured.access);
  const reload = await createReload({
    ...{ ...core, read, first: config },
    prepare: (next) => prepareConfig({ ...configured, store, tools: { clock, random } }, next),
    isStopping: () => phase === 'stopping',
  });
  const searches = createSearches(store, clock, createSearchObserver(emit));
  const bulk = openOperations({ ...core, searches, dispatch, ingest, maxPending: config.queueMaxSize });
  const alerts = openAlerts(config, core, watch, dispatch);
  const desks = { alerts: alerts.desk, operations: bulk.operations, searches, reconcile };
  const told = { config, reload, isOnTerminal, minutes, ...desks };
  const listeners = await openListeners({ ...core, ...configured, ...told, phase: () => phase });
  opened.defer(() => listeners.close());
  const exported = await openMetricsExport(config, { ...core, metrics, dispatch, phase: () => phase });
  const more = [bulk.worker, schedule, createMinuteFlush({ ...core, minutes }), ...alerts.services];
  const services = [...exported, ...servicesOf(config, core, dispatch, ingest), ...more];
  for (const service of services) opened.defer(async () => service.stop());

  await dispatch.reclaim();
  const stats = await checkInbox(config, core);
  const urls = await listeners.listen();
  dispatch.start();
  opened.defer(() => dispatch.stop(config.shutdownGraceMs));
  due.listen(dispatch.onDue);
  for (const service of services) await service.start();
  phase = 'running';

  reportStart({ ...config, ...urls, stats, sources: [...ingest.inEffect().sources.values()] }, emit);
  const stop = createStop(opened.move(), emit, () => {
    phase = 'stopping';
    stopping.begin();
  });
  const reportFailed = reportFailure(emit, 'the configuration was not read again; nothing has changed');
  return { ...urls, reload, reportFailure: reportFailed, failed: failure.promise, stop };
}

/** What watches the core, and what the core tells it by. */
function createObservers(config: Config, clock: Clock) {
  const metrics = createMetrics({ ...namesOf(config), queueLimit: config.queueMaxSize });
  const [log, minutes] = [createLog(config.log), createMinutes(clock)];
  const signs = createSigns(clock, monotonicMs);
  const emit = createEmitter([metrics.emit, minutes.emit, signs.emit, createLogSubscriber(log, { clock })]);
  return { metrics, log, minutes, signs, emit };
}

type Tools = Readonly<{ clock: Clock; random: Random; newId: IdGenerator; emit: Emit }>;

/** Opens the store, and what traces its work: a stop sends what is recorded before it closes the store. */
async function openTracedInbox(
  opened: AsyncDisposableStack,
  config: Config,
  tools: Tools,
  observer: InboxObserver,
  flushMs: () => number,
) {
  const { clock, newId, emit } = tools;
  const stored = await openInbox(config, emit, observer);
  opened.defer(() => stored.close());
  const instanceId = newId(clock.nowMs());
  const tracing = await openTracing({ ...tools, config, store: stored, instanceId });
  opened.defer(() => tracing.close(flushMs()));
  const store = withReplayTraces(stored, tracing);
  const states = createDestinationStates(store, clock);
  await states.refresh();
  return { store, tracing, states, instanceId };
}

type InboxObserver = Required<Pick<StoreObserver, 'onDue' | 'onFatal' | 'onClockReading'>>;

function openInbox(
  config: Config,
  emit: Emit,
  { onDue, onFatal, onClockReading }: InboxObserver,
): Promise<Store> {
  return openStore({
    path: config.dbPath,
    databaseUrl: config.databaseUrl,
    databaseDirectUrl: config.databaseDirectUrl,
    maxPendingDeliveries: config.queueMaxSize,
    maxHeldDeliveries: config.heldMaxSize,
    minFreeDiskBytes: config.minFreeDiskBytes,
    observer: {
      onCommit: (operations, durationMs) => emit({ type: 'store.committed', operations, durationMs }),
      onDue,
      onClockReading,
      onDiskLow: (isLow) => emit({ type: 'store.disk_low', isLow }),
      onOldestSnapshot: (ageMs) => emit({ type: 'store.oldest_snapshot', ageMs }),
      onMigrationWaits: (waitedMs) => emit({ type: 'store.migration_waits', waitedMs }),
      onConnectionsRefused: (open) => emit({ type: 'store.connections_refused', open }),
      onWalHeld: (heldMs, walBytes) => emit({ type: 'store.wal_held', heldMs, walBytes }),
      onClockSkew: (skewMs) => emit({ type: 'store.clock_skew', skewMs }),
      onSearchIndex: (build) =>
        emit(
          build.kind === 'failed'
            ? { type: 'store.index_failed', error: build.error }
            : { type: 'store.index_build', name: build.name, state: build.kind },
        ),
      onFatal: (error) => {
        emit({ type: 'receiver.failed', message: 'the store ended; restart the process', error });
        onFatal(error);
      },
    },
  });
}

/** The watch, and what operators do with its alerts. */
function openAlerts(
  config: Config,
  core: Core,
  watch: Readonly<{ watched: Watched }>,
  { onAccepted }: Dispatch,
) {
  const watched = () => watch.watched;
  const readDisk = () => readDiskRoom({ ...config, path: config.dbPath });
  const store = withAlertTraces(core.store, core.tracing);
  const parts = { ...core, store, watched, readDisk, mark: core.states.mark, onAccepted };
  const lastEvents = createLastEvents({ ...core, sources: () => watched().sources });
  return { desk: createAlertDesk(parts), services: [createAlertWatch(parts), lastEvents] };
}

function createPurgers(
  { retentionMs, rejected, auditRetentionMs, cleanupIntervalMs: intervalMs }: Config,
  core: Readonly<{ store: Store; clock: Clock; emit: Emit; tracing: Tracing }>,
): readonly Service[] {
  const guard = (kind: CleanupKind, ofKindMs: number) =>
    createCleanupGuard({ ...core, monotonicMs, kind, retentionMs: ofKindMs });
  return [
    createPurger({ ...core, mayRun: guard('events', retentionMs), retentionMs, intervalMs }),
    createRejectedPurger({
      ...core,
      mayRun: guard('rejected', rejected.retentionMs),
      retentionMs: rejected.retentionMs,
      intervalMs,
    }),
    createAuditPurger({
      ...core,
      mayRun: guard('audit', auditRetentionMs),
      retentionMs: auditRetentionMs,
      intervalMs,
    }),
  ];
}

/** Ends everything in reverse, once, however often it is called. */
function createStop(running: AsyncDisposableStack, emit: Emit, onStopping: () => void): App['stop'] {
  let stopping: Promise<void> | null = null;
  const stop = async () => {
    onStopping();
    emit({ type: 'receiver.notice', message: 'stopping: no more events are accepted, work drains' });
    await running.disposeAsync();
    emit({ type: 'receiver.notice', message: 'stopped' });
  };
  return () => {
    stopping ??= stop();
    return stopping;
  };
}

function createFailure(): PromiseWithResolvers<never> {
  const failure = Promise.withResolvers<never>();
  // Nobody listens any more once the receiver is stopped.
  failure.promise.catch(() => {});
  return failure;
}

/** The least time for recorded spans to be sent, whatever the grace has left. */
const LEAST_FLUSH_MS = 1000;

/** How much of the grace of a stop is left to send what is recorded, once all work has ended. */
function createStopWatch(graceMs: number) {
  let beganMs: number | null = null;
  return {
    begin() {
      beganMs = monotonicMs();
    },
    flushMs: () => Math.max(LEAST_FLUSH_MS, graceMs - (beganMs === null ? 0 : monotonicMs() - beganMs)),
  };
}

function servicesOf(config: Config, core: Core, dispatch: Dispatch, ingest: Ingest): readonly Service[] {
  const { confirmations, duplicateNotes } = ingest;
  return [...dispatch.services, ...createPurgers(config, core), confirmations, duplicateNotes];
}

/** Before anything is accepted: a database that cannot be read ends the start. */
async function checkInbox(config: Config, core: Core): Promise<StoreStats> {
  const stats = await core.store.stats();
  await checkDefaultSource(config, core.store);
  await writeStartRow(core, config);
  return stats;
}

function openReconciling(
  { retentionMs }: Config,
  core: Core,
  { inEffect }: Ingest,
  access: Access,
): Readonly<{ reconcile: Reconcile; schedule: Service }> {
  const reconcile = createReconcile({
    ...{ ...core, fetch, retentionMs, inEffect },
    keys: () => access.providerKeys,
  });
  return { reconcile, schedule: createReconcileSchedule({ ...core, inEffect, reconcile }) };
}

type Core = Readonly<{
  store: Store;
  clock: Clock;
  random: Random;
  newId: IdGenerator;
  emit: Emit;
  states: DestinationStates;
  tracing: Tracing;
  signs: Signs;
}>;

function openSources(
  config: Config,
  core: Core,
  { onAccepted, onPending }: Pick<Dispatch, 'onAccepted' | 'onPending'>,
): Promise<Ingest> {
  const { sources, destinations, http, rejected } = config;
  const { publicUrl } = http;
  return openIngest({
    ...{
      ...core,
      sources,
      destinations,
      publicUrl,
      fetchStatus,
      onAccepted,
      onPending,
      mark: core.states.mark,
      closed: core.states.closed,
    },
    rejectedBounds: rejected,
  });
}

function reportFailure(emit: Emit, message: string): (error: Error) => void {
  return (error) => emit({ type: 'receiver.failed', message, error });
}

import type { Config } from './config/config.ts';
import type { Core } from './core.ts';
import { createSigns } from './dispatch/alert-signs.ts';
import { type Dispatch, type DispatchParts, openDispatch } from './dispatch/open-dispatch.ts';
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
import { openAlerts, openReconciling } from './open-desks.ts';
import { checkInbox, openTracedInbox } from './open-inbox.ts';
import { openOperations } from './open-operations.ts';
import { servicesOf } from './open-upkeep.ts';
import { accessOf, handlerConfig, namesOf, prepareConfig, watchedOf } from './prepare-config.ts';
import { loadQueue } from './queue/open-queue.ts';
import { createReload, type ReloadParts } from './reload.ts';
import { type Clock, monotonicMs, systemClock } from './runtime/clock.ts';
import { createCorrectedClock } from './runtime/corrected-clock.ts';
import { createIdGenerator } from './runtime/ids.ts';
import { createSystemRandom } from './runtime/random.ts';
import { createSignal } from './runtime/signal.ts';
import { createFailure, createStop, createStopWatch } from './stop.ts';
import { createFailuresLook } from './store/failures-look.ts';
import { createSearches } from './store/run-search.ts';
import { openMetricsExport } from './telemetry.ts';

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
    openQueue: config.queueUrl === null ? null : await loadQueue(config.queueUrl),
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
  const signs = createSigns(monotonicMs);
  const emit = createEmitter([metrics.emit, minutes.emit, signs.emit, createLogSubscriber(log, { clock })]);
  return { metrics, log, minutes, signs, emit };
}

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

import type { Config } from './config/config.ts';
import type { Emit } from './events.ts';
import { traceInserts } from './ingest/trace-brought.ts';
import { type ScrapeParts, scrapeOf } from './listeners.ts';
import { packageVersion } from './observe/build-info.ts';
import { scrubbed } from './observe/log/bounded.ts';
import { type Clock, monotonicMs } from './runtime/clock.ts';
import type { Random } from './runtime/random.ts';
import type { Service } from './runtime/service.ts';
import type { Store } from './store/store.ts';
import { type Engine, engineOfHost } from './trace/engine.ts';
import { hostProvider } from './trace/host.ts';
import { createTracing } from './trace/open-tracing.ts';
import { SCOPE } from './trace/scope.ts';
import { dropReports } from './trace/sdk/drop-reports.ts';
import { NO_TRACING, type Tracing } from './trace/tracing.ts';

export type TelemetryParts = Readonly<{
  config: Pick<Config, 'telemetry' | 'sources'>;
  store: Pick<Store, 'readEvent' | 'deliveriesOf' | 'attemptsOf'>;
  clock: Clock;
  random: Random;
  /** Names this process among others. */
  instanceId: string;
  emit: Emit;
}>;

/**
 * Makes traces by the SDK that the program around the receiver has set up or, if the environment asks for it, by one of the
 * receiver's own. SDK and exporter are imported only then.
 */
export async function openTracing(parts: TelemetryParts): Promise<Tracing> {
  const opened = await openEngine(parts);
  if (opened === null) return NO_TRACING;
  const { clock, random, store } = parts;
  const tracing = createTracing({ ...opened, clock, random, store, scrub: scrubbed });
  tracing.use(trustedSources(parts.config));
  return tracing;
}

/** The sources whose senders' traces are continued. */
export function trustedSources({ sources }: Pick<Config, 'sources'>): ReadonlySet<string> {
  return new Set(sources.flatMap(({ name, trustsTrace }) => (trustsTrace === true ? name : [])));
}

type Opened = Readonly<{ engine: Engine; close: (withinMs: number) => Promise<void> }>;

async function openEngine({
  config,
  clock,
  random,
  instanceId,
  emit,
}: TelemetryParts): Promise<Opened | null> {
  const version = packageVersion();
  const host = hostProvider();
  // What it has recorded is that program's to send.
  if (host !== null) {
    return { engine: engineOfHost(host.getTracer(SCOPE, version), random), close: () => Promise.resolve() };
  }
  const { traces, resource } = config.telemetry;
  if (traces === null) return null;
  const { startSdk } = await import('./trace/sdk/start-sdk.ts');
  const counts = dropReports(clock, emit);
  const attributes = resourceAttributes(resource, version, instanceId);
  return startSdk({ traces, resource: attributes, version, clock, random, counts });
}

/** What traces and metrics say of their process. */
export function resourceAttributes(
  asked: Readonly<Record<string, string>>,
  version: string,
  instanceId: string,
) {
  return { 'service.version': version, 'service.instance.id': instanceId, ...asked };
}

/** Records each replay of the store, whoever asks for it. */
export function withReplayTraces(store: Store, tracing: Tracing): Store {
  if (tracing === NO_TRACING) return store;
  const replay: Store['replay'] = async (...args) => {
    const startedMs = monotonicMs();
    const outcome = await store.replay(...args);
    if (outcome.kind === 'replayed') {
      tracing.made({ deliveryIds: [outcome.delivery.id], operationId: null, startedMs });
    }
    return outcome;
  };
  return Object.create(store, { replay: { value: replay, enumerable: true } });
}

/** Records each alert that is stored in the trace that its deliveries go on with. */
export function withAlertTraces(store: Store, tracing: Tracing): Store {
  if (tracing === NO_TRACING) return store;
  const insertEvent = traceInserts((...args) => store.insertEvent(...args), tracing, 'alert');
  return Object.create(store, { insertEvent: { value: insertEvent, enumerable: true } });
}

/** What sends the metrics by OTLP, if the environment asks for it: the same ones as at `/metrics`. */
export async function openMetricsExport(
  { telemetry }: Pick<Config, 'telemetry'>,
  parts: ScrapeParts & Readonly<{ instanceId: string; emit: Emit }>,
): Promise<readonly Service[]> {
  const { metrics: target } = telemetry;
  if (target === null) return [];
  const { createMetricsExport } = await import('./observe/metrics-export/export-metrics.ts');
  const { clock, instanceId, emit } = parts;
  const version = packageVersion();
  const resource = resourceAttributes(telemetry.resource, version, instanceId);
  const onFailure = (error: Error) =>
    emit({ type: 'receiver.warning', message: `metrics were not sent: ${error.message}` });
  const { families } = scrapeOf(parts);
  return [createMetricsExport({ target, resource, version, clock, families, onFailure })];
}

import { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-proto';
import { type Clock, sleep } from '../../runtime/clock.ts';
import { createRunLoop } from '../../runtime/run-loop.ts';
import type { Service } from '../../runtime/service.ts';
import { SCOPE } from '../../trace/scope.ts';
import { exporterOptions, resourceOf } from '../../trace/sdk/exporter-options.ts';
import type { MetricExport } from '../../trace/sdk/sdk-options.ts';
import type { Family } from '../open-metrics.ts';
import { toMetricData } from './convert.ts';

export type MetricsExportParts = Readonly<{
  target: MetricExport;
  resource: Readonly<Record<string, string>>;
  version: string;
  clock: Clock;
  /** The metrics as a scrape gives them. */
  families: () => Promise<readonly Family[]>;
  onFailure: (error: Error) => void;
}>;

/** Sends the metrics of `/metrics` by OTLP, at every interval and at a stop. */
export function createMetricsExport(parts: MetricsExportParts): Service {
  const { target, clock, families, onFailure } = parts;
  const exporter = new OTLPMetricExporter(exporterOptions(target));
  const resource = resourceOf(parts.resource);
  const scope = { name: SCOPE, version: parts.version };
  const startTime = hrTime(clock.nowMs());
  const send = async () => {
    try {
      const metrics = toMetricData(await families(), { startTime, endTime: hrTime(clock.nowMs()) });
      const sent = new Promise<void>((resolve, reject) =>
        exporter.export({ resource, scopeMetrics: [{ scope, metrics }] }, ({ code, error }) =>
          code === 0 ? resolve() : reject(error ?? new Error('the export failed')),
        ),
      );
      await withinTime(sent, target.exportTimeoutMs, clock);
    } catch (error) {
      onFailure(error as Error);
    }
  };
  const loop = createRunLoop(clock, target.intervalMs, 'after a pause', send);
  return {
    start: loop.start,
    async stop() {
      await loop.stop();
      await withinTime(send(), LAST_SEND_MS, clock).catch(onFailure);
      await exporter.shutdown().catch(() => {});
    },
  };
}

/** How long the last metrics of a process have to be sent. */
export const LAST_SEND_MS = 2000;

async function withinTime(work: Promise<void>, timeMs: number, clock: Clock): Promise<void> {
  const done = new AbortController();
  const tooLate = sleep(clock, timeMs, done.signal).then(() => {
    if (!done.signal.aborted) throw new Error(`the collector did not answer within ${timeMs} ms`);
  });
  await Promise.race([work.finally(() => done.abort()), tooLate]);
}

function hrTime(ms: number): [number, number] {
  return [Math.floor(ms / 1000), (ms % 1000) * 1_000_000];
}

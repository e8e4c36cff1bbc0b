import type { Config } from './config/config.ts';
import type { Emit } from './events.ts';
import { type ScrapeParts, scrapeOf } from './listeners.ts';
import { packageVersion } from './observe/build-info.ts';
import type { Service } from './runtime/service.ts';
import { resourceAttributes } from './telemetry.ts';

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

import type { OtlpTarget, TelemetryConfig } from '../trace/sdk/sdk-options.ts';
import type { EnvReading, EnvValues } from './settings.ts';

type Kind = 'TRACES' | 'METRICS';

/** Reads from OpenTelemetry's variables what is to be sent. */
export function toTelemetry({ values: env, given }: Pick<EnvReading, 'values' | 'given'>): TelemetryConfig {
  const isOff = env.OTEL_SDK_DISABLED;
  return {
    resource: resourceOf(env),
    traces: isOff || !asksForTraces(env, given) ? null : tracesOf(env),
    metrics: isOff || env.OTEL_METRICS_EXPORTER === 'none' ? null : metricsOf(env),
  };
}

/** OTEL_TRACES_EXPORTER says so, or an endpoint that traces can go to does. */
function asksForTraces(env: EnvValues, given: EnvReading['given']): boolean {
  if (env.OTEL_TRACES_EXPORTER !== null) return env.OTEL_TRACES_EXPORTER === 'otlp';
  return given.has('OTEL_EXPORTER_OTLP_ENDPOINT') || given.has('OTEL_EXPORTER_OTLP_TRACES_ENDPOINT');
}

function resourceOf(env: EnvValues): Readonly<Record<string, string>> {
  const attributes = env.OTEL_RESOURCE_ATTRIBUTES ?? {};
  const name = env.OTEL_SERVICE_NAME ?? attributes['service.name'] ?? 'webhook-receiver';
  return { ...attributes, 'service.name': name };
}

function tracesOf(env: EnvValues) {
  return {
    ...targetOf(env, 'TRACES'),
    sampler: env.OTEL_TRACES_SAMPLER,
    samplerRatio: env.OTEL_TRACES_SAMPLER_ARG,
    batch: {
      delayMs: env.OTEL_BSP_SCHEDULE_DELAY,
      exportTimeoutMs: env.OTEL_BSP_EXPORT_TIMEOUT,
      maxQueue: env.OTEL_BSP_MAX_QUEUE_SIZE,
      maxBatch: env.OTEL_BSP_MAX_EXPORT_BATCH_SIZE,
    },
  };
}

function metricsOf(env: EnvValues) {
  return {
    ...targetOf(env, 'METRICS'),
    intervalMs: env.OTEL_METRIC_EXPORT_INTERVAL,
    // The SDK refuses a longer time than the interval.
    exportTimeoutMs: Math.min(env.OTEL_METRIC_EXPORT_TIMEOUT, env.OTEL_METRIC_EXPORT_INTERVAL),
  };
}

/** What is set for one kind of telemetry goes before what is set for all. */
function targetOf(env: EnvValues, kind: Kind): OtlpTarget {
  const base = env.OTEL_EXPORTER_OTLP_ENDPOINT.replace(/\/$/, '');
  return {
    url: env[`OTEL_EXPORTER_OTLP_${kind}_ENDPOINT`] ?? `${base}/v1/${kind.toLowerCase()}`,
    headers: { ...env.OTEL_EXPORTER_OTLP_HEADERS, ...env[`OTEL_EXPORTER_OTLP_${kind}_HEADERS`] },
    timeoutMs: env[`OTEL_EXPORTER_OTLP_${kind}_TIMEOUT`] ?? env.OTEL_EXPORTER_OTLP_TIMEOUT,
    compression: env[`OTEL_EXPORTER_OTLP_${kind}_COMPRESSION`] ?? env.OTEL_EXPORTER_OTLP_COMPRESSION,
  };
}

import { COMPRESSIONS, SAMPLERS } from '../trace/sdk/sdk-options.ts';
import { numberText } from './env-kinds.ts';
import { LIMITS } from './limits.ts';
import { flag, headerPairs, oneOf, otlpUrl, pairs, propagators, text } from './otel-kinds.ts';
import { optional, secret, setting } from './setting-row.ts';

const EXPORTERS = ['otlp', 'none'] as const;
const PROTOCOLS = ['http/protobuf'] as const;

const ms = numberText(LIMITS.exportMs);

/** The variables of OpenTelemetry, with its own names, defaults and meanings, as far as they are supported. */
export const OTEL_ROWS = {
  OTEL_SDK_DISABLED: setting(flag, 'false', 'Whether nothing is sent, whatever else is set'),
  OTEL_SERVICE_NAME: optional(
    text,
    'The service that traces and metrics are of; unset: service.name of OTEL_RESOURCE_ATTRIBUTES, or webhook-receiver',
  ),
  OTEL_RESOURCE_ATTRIBUTES: optional(pairs, 'Attributes of everything that is sent'),
  OTEL_TRACES_EXPORTER: optional(
    oneOf(EXPORTERS),
    'Whether traces are made and sent; unset: if an endpoint for them is set',
  ),
  OTEL_METRICS_EXPORTER: setting(
    oneOf(EXPORTERS),
    'none',
    'Whether the metrics of `/metrics` are also sent by OTLP',
  ),
  OTEL_PROPAGATORS: setting(
    propagators,
    'tracecontext,baggage',
    'How contexts of traces are read and passed on',
  ),
  OTEL_EXPORTER_OTLP_ENDPOINT: setting(
    otlpUrl,
    'http://localhost:4318',
    'The collector; /v1/traces and /v1/metrics are appended',
  ),
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: optional(otlpUrl, 'The whole URL for traces'),
  OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: optional(otlpUrl, 'The whole URL for metrics'),
  OTEL_EXPORTER_OTLP_PROTOCOL: setting(oneOf(PROTOCOLS), 'http/protobuf', 'The transport to the collector'),
  OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: optional(oneOf(PROTOCOLS), 'The same for traces'),
  OTEL_EXPORTER_OTLP_METRICS_PROTOCOL: optional(oneOf(PROTOCOLS), 'The same for metrics'),
  OTEL_EXPORTER_OTLP_HEADERS: secret(
    optional(headerPairs, 'Headers for the collector, such as its credentials'),
  ),
  OTEL_EXPORTER_OTLP_TRACES_HEADERS: secret(optional(headerPairs, 'Further headers for traces')),
  OTEL_EXPORTER_OTLP_METRICS_HEADERS: secret(optional(headerPairs, 'Further headers for metrics')),
  OTEL_EXPORTER_OTLP_TIMEOUT: setting(ms, '10000', 'Milliseconds for one export, repetitions included'),
  OTEL_EXPORTER_OTLP_TRACES_TIMEOUT: optional(ms, 'The same for traces'),
  OTEL_EXPORTER_OTLP_METRICS_TIMEOUT: optional(ms, 'The same for metrics'),
  OTEL_EXPORTER_OTLP_COMPRESSION: setting(oneOf(COMPRESSIONS), 'none', 'How exports are compressed'),
  OTEL_EXPORTER_OTLP_TRACES_COMPRESSION: optional(oneOf(COMPRESSIONS), 'The same for traces'),
  OTEL_EXPORTER_OTLP_METRICS_COMPRESSION: optional(oneOf(COMPRESSIONS), 'The same for metrics'),
  OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE: setting(
    oneOf(['cumulative']),
    'cumulative',
    'How counts are sent: since the start, as at `/metrics`',
  ),
  OTEL_TRACES_SAMPLER: setting(oneOf(SAMPLERS), 'parentbased_always_on', 'Which traces are recorded'),
  OTEL_TRACES_SAMPLER_ARG: setting(
    numberText(LIMITS.share),
    '1',
    'The share of traces that a sampler by ratio records',
  ),
  OTEL_BSP_SCHEDULE_DELAY: setting(ms, '5000', 'Milliseconds between two exports of spans'),
  OTEL_BSP_EXPORT_TIMEOUT: setting(
    ms,
    '30000',
    'Milliseconds after which an export of spans counts as failed',
  ),
  OTEL_BSP_MAX_QUEUE_SIZE: setting(
    numberText(LIMITS.spans),
    '2048',
    'Most spans that wait or are on their way; further ones are dropped and counted',
  ),
  OTEL_BSP_MAX_EXPORT_BATCH_SIZE: setting(numberText(LIMITS.spans), '512', 'Most spans of one export'),
  OTEL_METRIC_EXPORT_INTERVAL: setting(ms, '60000', 'Milliseconds between two exports of metrics'),
  OTEL_METRIC_EXPORT_TIMEOUT: setting(
    ms,
    '30000',
    'Milliseconds after which an export of metrics counts as failed',
  ),
};

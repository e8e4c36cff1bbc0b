export const SAMPLERS = [
  'always_on',
  'always_off',
  'traceidratio',
  'parentbased_always_on',
  'parentbased_always_off',
  'parentbased_traceidratio',
] as const;
export type SamplerName = (typeof SAMPLERS)[number];

export const COMPRESSIONS = ['none', 'gzip'] as const;
export type Compression = (typeof COMPRESSIONS)[number];

/** Where to, and how, one kind of telemetry is sent by OTLP. */
export type OtlpTarget = Readonly<{
  url: string;
  /** They may carry credentials. */
  headers: Readonly<Record<string, string>>;
  timeoutMs: number;
  compression: Compression;
}>;

export type TraceExport = OtlpTarget &
  Readonly<{
    sampler: SamplerName;
    /** The share of traces that samplers by ratio record. */
    samplerRatio: number;
    batch: Readonly<{ delayMs: number; exportTimeoutMs: number; maxQueue: number; maxBatch: number }>;
  }>;

export type MetricExport = OtlpTarget & Readonly<{ intervalMs: number; exportTimeoutMs: number }>;

/** What is sent, and in whose name. Null where the environment does not ask for it. */
export type TelemetryConfig = Readonly<{
  /** Attributes of the resource, service.name among them. */
  resource: Readonly<Record<string, string>>;
  traces: TraceExport | null;
  metrics: MetricExport | null;
}>;

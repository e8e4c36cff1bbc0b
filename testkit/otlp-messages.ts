import { parse, type Type } from 'protobufjs';

/** The messages of OTLP as far as tests read them; the numbers are those of opentelemetry-proto 1.x. */
const MESSAGES = `
syntax = "proto3";
message TraceRequest { repeated ResourceSpans resource_spans = 1; }
message ResourceSpans { Resource resource = 1; repeated ScopeSpans scope_spans = 2; }
message ScopeSpans { Scope scope = 1; repeated Span spans = 2; }
message Resource { repeated KeyValue attributes = 1; }
message Scope { string name = 1; string version = 2; }
message KeyValue { string key = 1; AnyValue value = 2; }
message AnyValue { oneof value { string text = 1; bool flag = 2; int64 whole = 3; double number = 4; } }
message Span {
  bytes trace_id = 1; bytes span_id = 2; string trace_state = 3; bytes parent_span_id = 4; string name = 5;
  int32 kind = 6; fixed64 start = 7; fixed64 end = 8; repeated KeyValue attributes = 9;
  repeated Link links = 13; Status status = 15;
}
message Link { bytes trace_id = 1; bytes span_id = 2; repeated KeyValue attributes = 4; }
message Status { string message = 2; int32 code = 3; }
message MetricsRequest { repeated ResourceMetrics resource_metrics = 1; }
message ResourceMetrics { Resource resource = 1; repeated ScopeMetrics scope_metrics = 2; }
message ScopeMetrics { Scope scope = 1; repeated Metric metrics = 2; }
message Metric {
  string name = 1; string description = 2; string unit = 3; Gauge gauge = 5; Sum sum = 7; Histogram histogram = 9;
}
message Gauge { repeated Point points = 1; }
message Sum { repeated Point points = 1; int32 temporality = 2; bool is_monotonic = 3; }
message Point { repeated KeyValue attributes = 7; fixed64 start = 2; fixed64 time = 3; double number = 4; sfixed64 whole = 6; }
message Histogram { repeated HistogramPoint points = 1; int32 temporality = 2; }
message HistogramPoint {
  repeated KeyValue attributes = 9; fixed64 start = 2; fixed64 time = 3; fixed64 count = 4; double sum = 5;
  repeated fixed64 bucket_counts = 6; repeated double bounds = 7;
}
`;

const { root } = parse(MESSAGES, { keepCase: false });

function decoder<T>(type: Type): (bytes: Uint8Array) => T {
  return (bytes) =>
    type.toObject(type.decode(bytes), { longs: String, arrays: true, defaults: true, bytes: Buffer }) as T;
}

export type KeyValue = Readonly<{
  key: string;
  value: Readonly<{ text?: string; flag?: boolean; whole?: string; number?: number }>;
}>;
export type RawSpan = Readonly<{
  traceId: Buffer;
  spanId: Buffer;
  parentSpanId: Buffer;
  name: string;
  kind: number;
  start: string;
  end: string;
  attributes: readonly KeyValue[];
  links: readonly Readonly<{ traceId: Buffer; spanId: Buffer; attributes: readonly KeyValue[] }>[];
  status: Readonly<{ code: number; message: string }> | null;
}>;
type Resource = Readonly<{ attributes: readonly KeyValue[] }>;
export type TraceRequest = Readonly<{
  resourceSpans: readonly Readonly<{
    resource: Resource;
    scopeSpans: readonly Readonly<{ scope: Readonly<{ name: string }>; spans: readonly RawSpan[] }>[];
  }>[];
}>;
export type RawPoint = Readonly<{ attributes: readonly KeyValue[]; number?: number; whole?: string }>;
export type RawHistogramPoint = Readonly<{
  attributes: readonly KeyValue[];
  count: string;
  sum: number;
  bucketCounts: readonly string[];
  bounds: readonly number[];
}>;
export type RawMetric = Readonly<{
  name: string;
  description: string;
  gauge?: Readonly<{ points: readonly RawPoint[] }>;
  sum?: Readonly<{ points: readonly RawPoint[]; temporality: number; isMonotonic: boolean }>;
  histogram?: Readonly<{ points: readonly RawHistogramPoint[]; temporality: number }>;
}>;
export type MetricsRequest = Readonly<{
  resourceMetrics: readonly Readonly<{
    resource: Resource;
    scopeMetrics: readonly Readonly<{ metrics: readonly RawMetric[] }>[];
  }>[];
}>;

export const decodeTraces = decoder<TraceRequest>(root.lookupType('TraceRequest'));
export const decodeMetrics = decoder<MetricsRequest>(root.lookupType('MetricsRequest'));

export function plain(attributes: readonly KeyValue[]): Record<string, string | number | boolean> {
  return Object.fromEntries(
    attributes.map(({ key, value }) => {
      const { text, flag, whole, number } = value;
      return [key, text ?? flag ?? (whole === undefined ? number! : Number(whole))];
    }),
  );
}

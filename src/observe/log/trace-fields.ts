import type { Traced } from '../../trace/tracing.ts';
import type { Fields } from './writer.ts';

/** The fields by which a log viewer finds the trace of a line, under the names of OpenTelemetry's log appenders. */
export function traceFields({ trace }: Traced): Fields {
  return trace === undefined ? NO_FIELDS : { trace_id: trace.traceId, span_id: trace.spanId };
}

const NO_FIELDS: Fields = {};

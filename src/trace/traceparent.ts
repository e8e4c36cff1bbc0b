import { createTraceState, type SpanContext, TraceFlags } from '@opentelemetry/api';

// Version ff is forbidden; a later version may have more parts (W3C Trace Context, section 3.2).
const TRACEPARENT = /^(?!ff)([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;
const ZEROS = /^0+$/;
/** Longest list that must be passed on (section 3.3.1.5). */
const STATE_CHARS_MAX = 512;

/**
 * Reads the sender's context from an event's headers.
 * @param headers flat, as they were received
 * @returns null for none, and for more than one or an invalid one, which the standard has ignored
 */
export function readTraceparent(headers: readonly string[]): SpanContext | null {
  const parents = valuesOf(headers, 'traceparent');
  const [, version, traceId, spanId, flags, rest] = TRACEPARENT.exec(parents[0]?.trim() ?? '') ?? [];
  if (parents.length !== 1 || traceId === undefined || spanId === undefined) return null;
  if (ZEROS.test(traceId) || ZEROS.test(spanId) || (version === '00' && rest !== undefined)) return null;
  const state = valuesOf(headers, 'tracestate').join(',');
  return {
    traceId,
    spanId,
    traceFlags: Number.parseInt(flags!, 16) & TraceFlags.SAMPLED,
    isRemote: true,
    ...(state !== '' && state.length <= STATE_CHARS_MAX && { traceState: createTraceState(state) }),
  };
}

/** The headers that carry a context, flat. */
export function traceHeaders({ traceId, spanId, traceFlags, traceState }: SpanContext): string[] {
  const flags = (traceFlags & TraceFlags.SAMPLED).toString(16).padStart(2, '0');
  const state = traceState?.serialize() ?? '';
  return ['traceparent', `00-${traceId}-${spanId}-${flags}`, ...(state === '' ? [] : ['tracestate', state])];
}

function valuesOf(headers: readonly string[], wanted: string): string[] {
  const values: string[] = [];
  for (let at = 0; at + 1 < headers.length; at += 2) {
    const name = headers[at]!;
    if (name.length === wanted.length && name.toLowerCase() === wanted) values.push(headers[at + 1]!);
  }
  return values;
}

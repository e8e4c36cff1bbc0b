import { type Context, ROOT_CONTEXT, type SpanContext, TraceFlags, trace } from '@opentelemetry/api';
import type { Engine } from './engine.ts';
import { firstIdsOf } from './ids.ts';
import { readTraceparent } from './traceparent.ts';
import type { TracedEvent, TraceIds } from './tracing.ts';

/** The trace of an event. */
export type EventTrace = Readonly<{
  /** The accept's ids. */
  ids: TraceIds;
  /** What the accept is a child of: nothing, or the sender's span. */
  parent: Context;
  /** The accept as the parent of all that follows. */
  accept: Context;
}>;

/**
 * Finds the trace of an event on any node, at any time: from its id or, if its source's senders are trusted with it, from
 * the headers that came with it.
 */
export function traceOf(engine: Engine, trusted: ReadonlySet<string>, event: TracedEvent): EventTrace {
  const own = firstIdsOf(event.id);
  const sender = trusted.has(event.source) ? readTraceparent(event.headers) : null;
  const traceId = sender?.traceId ?? own.traceId;
  const parent = sender === null ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, sender);
  const isSampled = engine.samples(traceId, parent);
  const ids = { traceId, spanId: own.spanId, isSampled };
  return { ids, parent, accept: trace.setSpanContext(ROOT_CONTEXT, contextOf(ids, sender)) };
}

/** The context of a span that has ended, or is another process's. */
export function contextOf(
  { traceId, spanId, isSampled }: TraceIds,
  from: SpanContext | null = null,
): SpanContext {
  const traceFlags = isSampled ? TraceFlags.SAMPLED : TraceFlags.NONE;
  const state = from?.traceState;
  return { traceId, spanId, traceFlags, isRemote: true, ...(state !== undefined && { traceState: state }) };
}

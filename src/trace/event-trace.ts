import { ROOT_CONTEXT, type SpanContext, TraceFlags, trace } from '@opentelemetry/api';
import type { Engine } from './engine.ts';
import { FirstIds } from './ids.ts';
import { readTraceparent } from './traceparent.ts';
import type { TracedEvent, TraceIds } from './tracing.ts';

/** The trace of an event. Contexts are made where spans are: most events are not sampled, and need none. */
export type EventTrace = Readonly<{
  /** The accept's ids. */
  ids: TraceIds;
  /** What the accept is a child of: null, or the sender's span. */
  sender: SpanContext | null;
}>;

/**
 * Finds the trace of an event on any node, at any time: from its id or, if its source's senders are trusted with it, from
 * the headers that came with it.
 */
export function traceOf(engine: Engine, trusted: ReadonlySet<string>, event: TracedEvent): EventTrace {
  const sender = trusted.has(event.source) ? readTraceparent(event.headers) : null;
  if (sender === null) return traceOfId(engine, event.id);
  const isSampled = engine.samples(sender.traceId, trace.setSpanContext(ROOT_CONTEXT, sender));
  return {
    ids: { traceId: sender.traceId, spanId: new FirstIds(event.id, isSampled).spanId, isSampled },
    sender,
  };
}

/** The trace that follows from an event's id, or from that of a bulk operation. */
export function traceOfId(engine: Engine, id: string): EventTrace {
  return { ids: new FirstIds(id, engine.samplesId(id)), sender: null };
}

/** The accept as the parent of all that follows. */
export function acceptOf({ ids, sender }: EventTrace): SpanContext {
  return contextOf(ids, sender);
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

import type { HrTime, SpanContext, SpanStatus } from '@opentelemetry/api';
import { SpanStatusCode, TraceFlags } from '@opentelemetry/api';
import type { Resource } from '@opentelemetry/resources';
import type { ReadableSpan, SpanProcessor } from '@opentelemetry/sdk-trace';
import { statusOf } from '../describe-error.ts';
import type { EndedSpan, RecordEnded } from '../engine.ts';
import type { SpanIds } from '../ids.ts';
import { ATTRIBUTE } from '../names.ts';

export type EndedSpansParts = Readonly<{
  processor: Pick<SpanProcessor, 'onEnd'>;
  resource: Resource;
  scope: ReadableSpan['instrumentationScope'];
  /** For a span of a trace that exists. */
  newSpanId: () => string;
}>;

/**
 * Hands spans that have ended to the SDK's processor as it reads them. The SDK's own span is made to be changed while it runs: it
 * asks the sampler again, checks and copies each attribute twice, and reads the clock, which costs several times as much.
 */
export function createRecordEnded({ processor, resource, scope, newSpanId }: EndedSpansParts): RecordEnded {
  return (span, ids) => {
    const context = contextOf(span, ids ?? { traceId: span.parent!.traceId, spanId: newSpanId() });
    processor.onEnd(new Ended(span, context, resource, scope));
    return context;
  };
}

function contextOf({ parent }: EndedSpan, { traceId, spanId }: SpanIds): SpanContext {
  const traceState = parent?.traceState;
  const context = { traceId, spanId, traceFlags: TraceFlags.SAMPLED };
  return traceState === undefined ? context : { ...context, traceState };
}

const NOTHING: never[] = [];
const UNSET: SpanStatus = { code: SpanStatusCode.UNSET };

class Ended implements ReadableSpan {
  readonly name: ReadableSpan['name'];
  readonly kind: ReadableSpan['kind'];
  readonly parentSpanContext?: SpanContext;
  readonly startTime: HrTime;
  readonly endTime: HrTime;
  readonly status: SpanStatus;
  readonly attributes: ReadableSpan['attributes'];
  readonly links: ReadableSpan['links'];
  readonly events: ReadableSpan['events'] = NOTHING;
  readonly ended = true;
  readonly resource: Resource;
  readonly instrumentationScope: ReadableSpan['instrumentationScope'];
  readonly droppedAttributesCount = 0;
  readonly droppedEventsCount = 0;
  readonly droppedLinksCount = 0;
  readonly #context: SpanContext;

  constructor(
    span: EndedSpan,
    context: SpanContext,
    resource: Resource,
    scope: ReadableSpan['instrumentationScope'],
  ) {
    const { name, kind, parent, startMs, endMs, attributes, links, failure } = span;
    this.name = name;
    this.kind = kind;
    if (parent !== null) this.parentSpanContext = parent;
    this.startTime = hrTimeOf(startMs);
    this.endTime = hrTimeOf(Math.max(startMs, endMs));
    this.status = failure === null ? UNSET : statusOf(failure);
    this.attributes = failure === null ? attributes : { ...attributes, [ATTRIBUTE.errorType]: failure.type };
    this.links = links as ReadableSpan['links'];
    this.resource = resource;
    this.instrumentationScope = scope;
    this.#context = context;
  }

  spanContext(): SpanContext {
    return this.#context;
  }

  get duration(): HrTime {
    const [seconds, nanos] = this.endTime;
    const [startSeconds, startNanos] = this.startTime;
    const borrowed = nanos < startNanos ? 1 : 0;
    return [seconds - startSeconds - borrowed, nanos - startNanos + borrowed * 1e9];
  }
}

function hrTimeOf(ms: number): HrTime {
  return [Math.trunc(ms / 1000), Math.round((ms % 1000) * 1e6)];
}

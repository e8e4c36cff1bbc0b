import { type Context, context, ROOT_CONTEXT, type SpanContext, trace } from '@opentelemetry/api';
import { contextOf, type EventTrace } from './event-trace.ts';
import { attemptSpanId } from './ids.ts';
import { traceHeaders } from './traceparent.ts';
import type { AttemptFacts, AttemptTrace, ForwardTrace, HandlerTrace, TraceIds } from './tracing.ts';

/**
 * An attempt that the sampler leaves out. Nearly all are where one in ten or fewer is recorded, so nothing is made before a
 * log line, a request or a handler's own span asks for it.
 */
export class UnrecordedAttempt implements AttemptTrace {
  readonly ids: TraceIds;
  readonly #sender: SpanContext | null;

  constructor({ ids, sender }: EventTrace, facts: AttemptFacts) {
    this.ids = new UnrecordedIds(ids, facts);
    this.#sender = sender;
  }

  /** Spans of the handler's own must find that their trace is left out, or each would begin another one. */
  run<T>(work: () => T): T {
    return context.with(new LazyContext(this), work);
  }

  get handler(): HandlerTrace {
    return { run: (work) => work(), forward: () => this.#forward() };
  }

  settle<T>(work: () => Promise<T>): Promise<T> {
    return work();
  }

  note(): void {}

  end(): void {}

  /** What handlers and destinations are told. */
  spanContext(): SpanContext {
    return { ...contextOf(this.ids, this.#sender), isRemote: false };
  }

  #forward(): ForwardTrace {
    return { headers: traceHeaders(this.spanContext()), answered() {}, failed() {} };
  }
}

class UnrecordedIds implements TraceIds {
  readonly #ofEvent: TraceIds;
  readonly isSampled = false;
  readonly #deliveryId: string;
  readonly #attempt: number;
  readonly #startedAtMs: number;
  #spanId: string | null = null;

  constructor(ofEvent: TraceIds, { deliveryId, attempt, startedAtMs }: AttemptFacts) {
    this.#ofEvent = ofEvent;
    this.#deliveryId = deliveryId;
    this.#attempt = attempt;
    this.#startedAtMs = startedAtMs;
  }

  get traceId(): string {
    return this.#ofEvent.traceId;
  }

  get spanId(): string {
    this.#spanId ??= attemptSpanId(this.#deliveryId, this.#attempt, this.#startedAtMs);
    return this.#spanId;
  }
}

/** The context of an attempt, made when it is first asked for something. */
class LazyContext implements Context {
  readonly #attempt: UnrecordedAttempt;
  #made: Context | null = null;

  constructor(attempt: UnrecordedAttempt) {
    this.#attempt = attempt;
  }

  getValue(key: symbol): unknown {
    return this.#whole().getValue(key);
  }

  setValue(key: symbol, value: unknown): Context {
    return this.#whole().setValue(key, value);
  }

  deleteValue(key: symbol): Context {
    return this.#whole().deleteValue(key);
  }

  #whole(): Context {
    this.#made ??= trace.setSpanContext(ROOT_CONTEXT, this.#attempt.spanContext());
    return this.#made;
  }
}

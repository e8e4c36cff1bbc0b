import {
  type Attributes,
  type Context,
  type Link,
  ROOT_CONTEXT,
  type Sampler,
  SamplingDecision,
  type Span,
  type SpanContext,
  SpanKind,
  type SpanOptions,
  type Tracer,
  trace,
} from '@opentelemetry/api';
import type { Random } from '../runtime/random.ts';
import { fail, type SpanError } from './describe-error.ts';
import { FirstIds, randomIds, randomSpanId, type SpanIds } from './ids.ts';

/** What makes spans: an SDK of our own, or that of the program around the receiver. */
export type Engine = Readonly<{
  /** Whether an event's trace is recorded: the same answer on every node, for as long as the sampler is the same. */
  samples(traceId: string, parent: Context): boolean;
  /** The same of the trace that follows from an id, where no other is continued. */
  samplesId(id: string): boolean;
  /** Starts a span under the parent, or as a root. @param ids those that it is to have; left out: random ones */
  start(name: string, options: SpanOptions, parent: Context, ids?: SpanIds): Span;
  record: RecordEnded;
}>;

/**
 * Records a span that has ended, of a trace that is sampled.
 * @param ids those that it is to have; left out: a random one below its parent
 * @returns its context, for spans below it
 */
export type RecordEnded = (span: EndedSpan, ids?: SpanIds) => SpanContext;

export type EndedSpan = Readonly<{
  name: string;
  kind: SpanKind;
  /** Null: it is the first span of its trace, and has ids. */
  parent: SpanContext | null;
  /** Since 1970. */
  startMs: number;
  endMs: number;
  attributes: Attributes;
  links: readonly Link[];
  /** What it failed with, or null. */
  failure: SpanError | null;
}>;

/** What most ended spans have in common. */
export const INTERNAL = { kind: SpanKind.INTERNAL, attributes: {}, links: [], failure: null } as const;

export type ShouldSample = Pick<Sampler, 'shouldSample'>;

/** The ids of the next span, where it must have certain ones. The SDK asks for them while it starts the span. */
export type NamedIds = Readonly<{
  generateTraceId(): string;
  generateSpanId(): string;
  /** Starts a span by `start` that gets these ids. */
  naming<T>(ids: SpanIds, start: () => T): T;
}>;

export function createNamedIds(random: Pick<Random, 'fill'>): NamedIds {
  let next: SpanIds | null = null;
  return {
    generateTraceId: () => next?.traceId ?? randomIds(random).traceId,
    generateSpanId: () => next?.spanId ?? randomSpanId(random),
    naming(ids, start) {
      next = ids;
      try {
        return start();
      } finally {
        next = null;
      }
    },
  };
}

/**
 * @param ids what the tracer takes its ids from; null: it takes none, so its spans have ids of its own
 * @param known what can be done without the tracer and the sampler
 */
export function createEngine(
  tracer: Tracer,
  sampler: ShouldSample | null,
  ids: NamedIds | null,
  known: Partial<Pick<Engine, 'samplesId' | 'record'>> = {},
): Engine {
  const samples: Engine['samples'] = (traceId, parent) => {
    if (sampler === null) return true;
    const { decision } = sampler.shouldSample(parent, traceId, '', SpanKind.SERVER, {}, []);
    return decision === SamplingDecision.RECORD_AND_SAMPLED;
  };
  const start: Engine['start'] = (name, options, parent, named) => {
    if (named === undefined || ids === null) return tracer.startSpan(name, options, parent);
    return ids.naming(named, () => tracer.startSpan(name, options, parent));
  };
  return {
    samples,
    samplesId: known.samplesId ?? ((id) => samples(new FirstIds(id, true).traceId, ROOT_CONTEXT)),
    start,
    record: known.record ?? recordBy(start),
  };
}

function recordBy(start: Engine['start']): RecordEnded {
  return ({ name, kind, parent, startMs, endMs, attributes, links, failure }, ids) => {
    const above = parent === null ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, parent);
    const span = start(name, { kind, startTime: startMs, attributes, links: [...links] }, above, ids);
    if (failure !== null) fail(span, failure);
    span.end(endMs);
    return span.spanContext();
  };
}

type Insides = Readonly<{ _idGenerator?: unknown; _sampler?: unknown }>;

/**
 * Makes spans by the SDK of the program around the receiver. The API has no way to give a span an id. The tracer of
 * OpenTelemetry's own SDK takes ids from a member, so one that inherits everything else and has ours is used; any other
 * tracer gives its spans ids of its own, under the trace of the event.
 */
export function engineOfHost(tracer: Tracer, random: Pick<Random, 'fill'>): Engine {
  const { _idGenerator: generator, _sampler: sampler } = tracer as unknown as Insides;
  const decides = hasMethod<ShouldSample>(sampler, 'shouldSample') ? sampler : null;
  if (!hasMethod(generator, 'generateSpanId')) return createEngine(tracer, decides, null);
  const ids = createNamedIds(random);
  const named: Tracer = Object.create(tracer, { _idGenerator: { value: ids } });
  const probe = ids.naming(PROBE, () => named.startSpan('', {}, UNSAMPLED)).spanContext();
  return probe.spanId === PROBE.spanId
    ? createEngine(named, decides, ids)
    : createEngine(tracer, decides, null);
}

const PROBE: SpanIds = { traceId: '0'.repeat(31).concat('1'), spanId: '0'.repeat(15).concat('1') };

/** A parent that is not sampled, so that the probe is not recorded by most samplers. It is never ended, so never exported. */
const UNSAMPLED = trace.setSpanContext(ROOT_CONTEXT, {
  traceId: PROBE.traceId,
  spanId: '0'.repeat(15).concat('2'),
  traceFlags: 0,
  isRemote: true,
});

function hasMethod<T>(value: unknown, name: string): value is T {
  return typeof value === 'object' && value !== null && name in value;
}

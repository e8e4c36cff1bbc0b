import { context, propagation, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  BatchSpanProcessor,
  ParentBasedSampler,
  type Sampler,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import { type Clock, sleep } from '../../runtime/clock.ts';
import type { Random } from '../../runtime/random.ts';
import { createEngine, createNamedIds, type Engine } from '../engine.ts';
import { randomSpanId } from '../ids.ts';
import { SCOPE } from '../scope.ts';
import { countSpans, type SpanCounts } from './counted-spans.ts';
import { createRecordEnded } from './ended-spans.ts';
import { exporterOptions, resourceOf } from './exporter-options.ts';
import { createPropagator } from './propagator.ts';
import { rootDecision } from './root-decision.ts';
import type { SamplerName, TraceExport } from './sdk-options.ts';

export type SdkParts = Readonly<{
  traces: TraceExport;
  resource: Readonly<Record<string, string>>;
  version: string;
  clock: Pick<Clock, 'nowMs' | 'after'>;
  random: Pick<Random, 'fill'>;
  counts: SpanCounts;
}>;

export type Sdk = Readonly<{
  engine: Engine;
  /** Sends what is recorded, and ends; after `withinMs` without. */
  close(withinMs: number): Promise<void>;
}>;

/** Starts OpenTelemetry's SDK, for the whole process: what handlers record by the API is sent as well. */
export function startSdk({ traces, resource, version, clock, random, counts }: SdkParts): Sdk {
  const { delayMs, exportTimeoutMs, maxQueue, maxBatch } = traces.batch;
  const spans = countSpans(
    new OTLPTraceExporter(exporterOptions(traces)),
    (exporter) =>
      new BatchSpanProcessor({
        exporter,
        scheduledDelayMillis: delayMs,
        exportTimeoutMillis: exportTimeoutMs,
        maxQueueSize: maxQueue,
        maxExportBatchSize: maxBatch,
      }),
    maxQueue,
    counts,
  );
  const ids = createNamedIds(random);
  const sampler = samplerOf(traces.sampler, traces.samplerRatio);
  const of = resourceOf(resource);
  const provider = new TracerProvider({
    resource: of,
    sampler,
    idGenerator: ids,
    spanProcessors: [spans.processor],
  });
  const record = createRecordEnded({
    processor: spans.processor,
    resource: of,
    scope: { name: SCOPE, version },
    newSpanId: () => randomSpanId(random),
  });
  trace.setGlobalTracerProvider(provider);
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  propagation.setGlobalPropagator(createPropagator());
  return {
    engine: createEngine(provider.getTracer(SCOPE, version), sampler, ids, {
      samplesId: rootDecision(traces.sampler, traces.samplerRatio),
      record,
    }),
    async close(withinMs) {
      const isOver = new AbortController();
      const ended = provider.shutdown().catch(() => {});
      await Promise.race([
        ended.finally(() => isOver.abort()),
        sleep(clock as Clock, withinMs, isOver.signal),
      ]);
      spans.giveUp();
      trace.disable();
      context.disable();
      propagation.disable();
    },
  };
}

export function samplerOf(name: SamplerName, ratio: number): Sampler {
  const root = name.replace('parentbased_', '');
  const sampler =
    root === 'always_on'
      ? new AlwaysOnSampler()
      : root === 'always_off'
        ? new AlwaysOffSampler()
        : new TraceIdRatioBasedSampler(ratio);
  return name.startsWith('parentbased_') ? new ParentBasedSampler({ root: sampler }) : sampler;
}

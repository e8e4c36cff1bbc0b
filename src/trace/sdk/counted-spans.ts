import type { Context } from '@opentelemetry/api';
import type { ReadableSpan, Span, SpanExporter, SpanProcessor } from '@opentelemetry/sdk-trace';
import type { SpanDrop } from '../span-drops.ts';

export type SpanCounts = Readonly<{
  exported: (count: number) => void;
  dropped: (count: number, why: SpanDrop, error: Error | null) => void;
}>;

/** The SDK's processor and exporter between two counts: what has ended, and what was sent. */
export type CountedSpans = Readonly<{
  processor: SpanProcessor;
  exporter: SpanExporter;
  /** Counts what still waits as dropped. */
  giveUp(): void;
}>;

/**
 * Bounds the spans that wait or are on their way by `maxQueue`, and counts those that are dropped: the SDK's own processor
 * drops them in silence, and bounds only what waits.
 * @param batch makes the SDK's processor for an exporter
 */
export function countSpans(
  exporter: SpanExporter,
  batch: (exporter: SpanExporter) => SpanProcessor,
  maxQueue: number,
  counts: SpanCounts,
): CountedSpans {
  let open = 0;
  const counted: SpanExporter = {
    export(spans, done) {
      exporter.export(spans, (result) => {
        open -= spans.length;
        // 0 is ExportResultCode.SUCCESS.
        if (result.code === 0) counts.exported(spans.length);
        else counts.dropped(spans.length, 'export_failed', result.error ?? null);
        done(result);
      });
    },
    shutdown: () => exporter.shutdown(),
    ...(exporter.forceFlush !== undefined && { forceFlush: () => exporter.forceFlush!() }),
  };
  const inner = batch(counted);
  return {
    exporter: counted,
    processor: {
      onStart: (span: Span, parent: Context) => inner.onStart(span, parent),
      onEnd(span: ReadableSpan) {
        if (open >= maxQueue) return counts.dropped(1, 'queue_full', null);
        open += 1;
        inner.onEnd(span);
      },
      forceFlush: () => inner.forceFlush(),
      shutdown: () => inner.shutdown(),
    },
    giveUp() {
      if (open > 0) counts.dropped(open, 'stopped', null);
      open = 0;
    },
  };
}

/** Why spans did not reach the collector. */
export const SPAN_DROPS = ['queue_full', 'export_failed', 'stopped'] as const;
export type SpanDrop = (typeof SPAN_DROPS)[number];

/** What the program reports of the spans of its own SDK. */
export type SpanReport =
  | Readonly<{ type: 'spans.exported'; count: number }>
  | Readonly<{ type: 'spans.dropped'; count: number; reason: SpanDrop; error: Error | null }>;

import type { Histogram } from 'prom-client';
import type { Traced } from '../../trace/tracing.ts';
import type { Exemplar, Sample } from '../open-metrics.ts';

/** Observes a value of something that may be traced. */
export type Observe = (value: number, traced: Traced) => void;

/** The last exemplar of each bucket that has one. */
type Exemplars = Map<string, Exemplar>;

const known = new WeakMap<object, Exemplars>();

/**
 * Makes the series of a histogram whose buckets name the trace of their last value, if it is recorded: a trace that is not
 * would lead nowhere. prom-client keeps exemplars only where every answer is OpenMetrics, so they are kept here, and added to
 * what the histogram gives as data.
 */
export function exemplified<Label extends string>(
  histogram: Histogram<Label>,
  labels: Readonly<Partial<Record<Label, string>>>,
): Observe {
  const series = histogram.labels(labels as Record<Label, string>);
  const exemplars = exemplarsOf(histogram);
  const { upperBounds } = histogram as unknown as { upperBounds: readonly number[] };
  const bounds = [...upperBounds, Number.POSITIVE_INFINITY];
  const keys = [...upperBounds, '+Inf'].map((le) => keyOf({ ...labels, le }));
  return (value, { trace }) => {
    series.observe(value);
    if (trace === undefined || !trace.isSampled) return;
    const labelSet = { trace_id: trace.traceId, span_id: trace.spanId };
    exemplars.set(keys[bounds.findIndex((bound) => value <= bound)]!, { labelSet, value });
  };
}

function exemplarsOf<Label extends string>(histogram: Histogram<Label>): Exemplars {
  const found = known.get(histogram);
  if (found !== undefined) return found;
  const exemplars: Exemplars = new Map();
  const get = histogram.get.bind(histogram);
  histogram.get = async () => {
    const data = await get();
    const values = (data.values as unknown as readonly Sample[]).map((sample) => {
      const exemplar = sample.labels.le === undefined ? undefined : exemplars.get(keyOf(sample.labels));
      return exemplar === undefined ? sample : { ...sample, exemplar };
    });
    return { ...data, values: values as unknown as typeof data.values };
  };
  known.set(histogram, exemplars);
  return exemplars;
}

function keyOf(labels: Readonly<Record<string, unknown>>): string {
  return Object.keys(labels)
    .toSorted()
    .map((name) => `${name}=${String(labels[name])}`)
    .join(' ');
}

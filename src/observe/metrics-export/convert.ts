import type { HrTime } from '@opentelemetry/api';
import type { DataPoint, Histogram, MetricData } from '@opentelemetry/sdk-metrics';
import type { Family, Sample } from '../open-metrics.ts';

/** The numbers of the SDK's enums, which are not imported: without metrics by OTLP nothing of it is. */
const CUMULATIVE = 1;
const HISTOGRAM = 0;
const GAUGE = 2;
const SUM = 3;
const DOUBLE = 1;

/** Since when counts count, and when they were read. */
export type Span = Readonly<{ startTime: HrTime; endTime: HrTime }>;

/**
 * Converts metrics as the registry gives them to those of OTLP: the same names, labels and counts. A unit is in the name, as
 * Prometheus has it, so that a collector that writes to Prometheus adds no other one.
 */
export function toMetricData(families: readonly Family[], span: Span): MetricData[] {
  return families.flatMap((family) => {
    const samples = family.values as readonly Sample[];
    if (samples.length === 0) return [];
    const base = {
      descriptor: { name: family.name, description: family.help, unit: '', valueType: DOUBLE },
      aggregationTemporality: CUMULATIVE,
    };
    switch (String(family.type)) {
      case 'counter':
        return { ...base, dataPointType: SUM, isMonotonic: true, dataPoints: pointsOf(samples, span) };
      case 'gauge':
        return { ...base, dataPointType: GAUGE, dataPoints: pointsOf(samples, span) };
      case 'histogram':
        return { ...base, dataPointType: HISTOGRAM, dataPoints: histogramsOf(samples, span) };
      default:
        return [];
    }
  }) as MetricData[];
}

function pointsOf(samples: readonly Sample[], span: Span): DataPoint<number>[] {
  return samples.map(({ labels, value }) => ({ ...span, attributes: { ...labels }, value }));
}

type Series = {
  labels: Record<string, string | number>;
  counts: number[];
  bounds: number[];
  sum: number;
  count: number;
};

/** Puts the samples of a series together; those of one come one after another, by rising bounds. */
function histogramsOf(samples: readonly Sample[], span: Span): DataPoint<Histogram>[] {
  const series = new Map<string, Series>();
  for (const { labels: all, metricName = '', value } of samples) {
    const { le, ...labels } = all;
    const key = JSON.stringify(labels);
    const one = series.get(key) ?? { labels, counts: [], bounds: [], sum: 0, count: 0 };
    series.set(key, one);
    if (metricName.endsWith('_sum')) one.sum = value;
    else if (metricName.endsWith('_count')) one.count = value;
    else {
      one.counts.push(value);
      if (le !== '+Inf') one.bounds.push(Number(le));
    }
  }
  return [...series.values()].map(({ labels, counts, bounds, sum, count }) => ({
    ...span,
    attributes: labels,
    // Prometheus counts what is up to each bound, OTLP what is between two.
    value: {
      buckets: { boundaries: bounds, counts: counts.map((upTo, at) => upTo - (counts[at - 1] ?? 0)) },
      sum,
      count,
    },
  }));
}

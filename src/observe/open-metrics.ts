import type { MetricObjectWithValues, MetricValue } from 'prom-client';

/** A metric with its series, as the registry gives it. */
export type Family = MetricObjectWithValues<MetricValue<string>>;

/** A sample as the registry gives it, which its types know in part. */
export type Sample = Readonly<{
  value: number;
  labels: Readonly<Record<string, string | number>>;
  metricName?: string;
  exemplar?: Exemplar | null;
}>;
export type Exemplar = Readonly<{ labelSet: Readonly<Record<string, string>>; value: number }>;

export const OPEN_METRICS_TYPE = 'application/openmetrics-text; version=1.0.0; charset=utf-8';

/** Whether a scraper prefers OpenMetrics: whether it lists it, which Prometheus does unless it is told not to. */
export function takesOpenMetrics(accept: string | undefined): boolean {
  return /(?:^|,)\s*application\/openmetrics-text\b/i.test(accept ?? '');
}

/**
 * Writes metrics as OpenMetrics 1.0, which has exemplars. prom-client can do so too, but it then renames its counters for
 * good, and a scraper that asks for the older format would find them under other names.
 */
export function openMetricsText(families: readonly Family[]): string {
  return `${families.map(familyText).join('')}# EOF\n`;
}

function familyText({ name, help, type, values }: Family): string {
  const kind = String(type);
  const family = kind === 'counter' ? name.replace(/_total$/, '') : name;
  const lines = (values as readonly Sample[]).map((sample) => sampleText(sample, family, kind));
  return `# TYPE ${family} ${kind}\n# HELP ${family} ${escaped(help)}\n${lines.join('')}`;
}

function sampleText({ value, labels, metricName, exemplar }: Sample, family: string, kind: string): string {
  const name = kind === 'counter' ? `${family}_total` : (metricName ?? family);
  const line = `${name}${labelsText(labels)} ${numberText(value)}`;
  if (exemplar === undefined || exemplar === null) return `${line}\n`;
  const { labelSet, value: observed } = exemplar;
  return `${line} # ${labelsText(labelSet) || '{}'} ${numberText(observed)}\n`;
}

function labelsText(labels: Readonly<Record<string, string | number>>): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escaped(String(value))}"`);
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
}

function numberText(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return '+Inf';
  return value === Number.NEGATIVE_INFINITY ? '-Inf' : String(value);
}

function escaped(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('"', '\\"');
}

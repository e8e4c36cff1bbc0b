export type Metrics = Readonly<{
  /** The sum of all series of the name whose labels include these; 0 if there are none. */
  sum(name: string, labels?: Readonly<Record<string, string>>): number;
  has(name: string): boolean;
}>;

type Series = Readonly<{ name: string; labels: string; value: number }>;

const LINE = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)/;

/** Reads the Prometheus text format, as much of it as a benchmark asks. */
export function parseMetrics(text: string): Metrics {
  const series: Series[] = [];
  for (const line of text.split('\n')) {
    const match = line.startsWith('#') ? null : LINE.exec(line);
    if (match !== null)
      series.push({ name: match[1]!, labels: `,${match[2] ?? ''},`, value: Number(match[3]) });
  }
  return {
    has: (name) => series.some((each) => each.name === name),
    sum: (name, labels = {}) => {
      const wanted = Object.entries(labels).map(([label, value]) => `,${label}="${value}",`);
      return series
        .filter((each) => each.name === name && wanted.every((label) => each.labels.includes(label)))
        .reduce((sum, each) => sum + each.value, 0);
    },
  };
}

export async function fetchMetrics(origin: string): Promise<Metrics> {
  const response = await fetch(new URL('/metrics', origin));
  if (!response.ok) throw new Error(`GET /metrics: ${response.status}`);
  return parseMetrics(await response.text());
}

export function acceptedOf(metrics: Metrics): number {
  return metrics.sum('webhook_events_total', { result: 'accepted' });
}

/** Deliveries that a handler finished and whose end is on disk. */
export function completedOf(metrics: Metrics): number {
  return metrics.sum('webhook_attempts_total', { outcome: 'succeeded' });
}

export function pendingOf(metrics: Metrics): number {
  return metrics.sum('webhook_queue_depth');
}

export function deletedOf(metrics: Metrics): number {
  return metrics.sum('webhook_cleanup_deleted_total');
}

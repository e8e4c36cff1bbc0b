import assert from 'node:assert/strict';
import { it } from 'node:test';
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { Family } from '../open-metrics.ts';
import { toMetricData } from './convert.ts';

const SPAN = { startTime: [1, 0], endTime: [2, 0] } as const;

it('has the names, labels and counts of the registry', async () => {
  const registry = new Registry();
  const registers = [registry];
  new Counter({ name: 'events_total', help: 'E', labelNames: ['source'], registers }).inc({ source: 'a' }, 3);
  new Gauge({ name: 'depth', help: 'D', registers }).set(7);
  new Gauge({ name: 'without_samples', help: 'W', labelNames: ['x'], registers });
  const wait = new Histogram({ name: 'wait', help: 'W', labelNames: ['to'], buckets: [0.1, 1], registers });
  for (const [to, value] of [
    ['x', 0.05],
    ['x', 0.5],
    ['x', 5],
    ['y', 0.5],
  ] as const)
    wait.observe({ to }, value);
  const data = toMetricData((await registry.getMetricsAsJSON()) as unknown as Family[], {
    startTime: [1, 0],
    endTime: [2, 0],
  });
  assert.deepEqual(
    data.map(({ descriptor, dataPoints }) => [descriptor.name, dataPoints]),
    [
      ['events_total', [{ ...SPAN, attributes: { source: 'a' }, value: 3 }]],
      ['depth', [{ ...SPAN, attributes: {}, value: 7 }]],
      [
        'wait',
        [
          {
            ...SPAN,
            attributes: { to: 'x' },
            value: { buckets: { boundaries: [0.1, 1], counts: [1, 1, 1] }, sum: 5.55, count: 3 },
          },
          {
            ...SPAN,
            attributes: { to: 'y' },
            value: { buckets: { boundaries: [0.1, 1], counts: [0, 1, 0] }, sum: 0.5, count: 1 },
          },
        ],
      ],
    ],
  );
});

import { Counter, Gauge, type Registry } from 'prom-client';
import { ALERT_KINDS } from '../../domain/alert.ts';
import type { Handlers } from '../subscriber.ts';
import type { Names } from './names.ts';

/** What a test sends is no alert. */
const KINDS = ALERT_KINDS.filter((kind) => kind !== 'test');
const EDGES = ['raised', 'over'] as const;

/** Metrics of the alerts that the receiver tells of by itself. */
export function alertMetrics(registry: Registry): Handlers {
  const active = new Gauge({
    name: 'webhook_alerts_active',
    help: 'Alerts that are on, by kind, on the node that watches; 0 on the others.',
    labelNames: ['kind'],
    registers: [registry],
  });
  const changes = new Counter({
    name: 'webhook_alerts_total',
    help: 'Alerts that this process found to have begun (raised) or to be over.',
    labelNames: ['kind', 'edge'],
    registers: [registry],
  });
  const sent = new Counter({
    name: 'webhook_alert_deliveries_total',
    help: 'Deliveries that were stored for destinations of alerts, without tests.',
    registers: [registry],
  });
  for (const kind of KINDS) {
    active.set({ kind }, 0);
    for (const edge of EDGES) changes.inc({ kind, edge }, 0);
  }
  return {
    'alerts.looked': (event) => {
      for (const kind of KINDS) active.set({ kind }, event.active.get(kind) ?? 0);
    },
    'alert.changed': ({ kind, edge, destinations }) => {
      changes.inc({ kind, edge });
      sent.inc(destinations);
    },
  };
}

/** @returns sets when each source last sent an event, at each scrape; what is not known yet has no sample */
export function createLastEventGauge(
  registry: Registry,
  sources: Names,
): (lastEventMs: (source: string) => number | null) => void {
  const gauge = new Gauge({
    name: 'webhook_source_last_event_timestamp_seconds',
    help: 'When this process, or the store before its start, last took an event of the source; 0 for never.',
    labelNames: ['source'],
    registers: [registry],
  });
  return (lastEventMs) => {
    gauge.reset();
    for (const source of sources.current()) {
      const atMs = lastEventMs(source);
      if (atMs !== null) gauge.set({ source }, atMs / 1000);
    }
  };
}

import { Counter, Gauge, type Registry } from 'prom-client';
import type { Queue } from '../../queue/queue.ts';
import type { Handlers } from '../subscriber.ts';

/** Counters of the messages published to the broker. */
export function queueMetrics(registry: Registry): Handlers {
  const counter = (name: string, help: string) => new Counter({ name, help, registers: [registry] });
  const published = counter('webhook_queue_published_total', 'Delivery ids that the broker accepted.');
  const dropped = counter('webhook_queue_dropped_total', 'Delivery ids that the broker did not accept.');
  const republished = counter(
    'webhook_queue_republished_total',
    'Delivery ids that the sweep published because they were due without a message.',
  );
  return {
    'queue.published': (event) => {
      published.inc(event.published);
      dropped.inc(event.dropped);
    },
    'queue.republished': (event) => republished.inc(event.count),
  };
}

/**
 * Gauges read from the broker at each scrape. Without a broker they have no samples.
 * @returns a function that refreshes them; it never rejects
 */
export function createQueueGauges(
  registry: Registry,
): (queue: Pick<Queue, 'health' | 'depth'>) => Promise<void> {
  const up = new Gauge({
    name: 'webhook_queue_up',
    help: '1 while the broker is connected; no sample without QUEUE_URL.',
    registers: [registry],
  });
  const messages = new Gauge({
    name: 'webhook_queue_messages',
    help: 'Messages in the broker: waiting, or taken and not yet acknowledged.',
    labelNames: ['destination', 'state'],
    registers: [registry],
  });
  up.remove();
  return async (queue) => {
    up.set(queue.health().state === 'up' ? 1 : 0);
    const reading = await queue.depth();
    messages.reset();
    if (reading.kind === 'unknown') return;
    for (const { destination, waiting, unacknowledged } of reading.depths) {
      messages.set({ destination, state: 'waiting' }, waiting);
      messages.set({ destination, state: 'unacknowledged' }, unacknowledged);
    }
  };
}

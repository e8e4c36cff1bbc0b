import { eventually } from '../../../testkit/eventually.ts';
import { metricSum } from '../../e2e/support/client.ts';
import type { Cluster } from './cluster.ts';

/** Resolves when all nodes see the queue so. */
export function queueIs({ urls }: Cluster, state: 'up' | 'down'): Promise<boolean> {
  return eventually(`the queue is ${state}`, async () => {
    const values = await Promise.all(urls().map((url) => metricSum(url, 'webhook_queue_up')));
    return values.every((value) => value === (state === 'up' ? 1 : 0));
  });
}

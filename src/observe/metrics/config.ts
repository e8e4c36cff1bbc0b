import { Counter, Gauge, type Registry } from 'prom-client';
import type { Handlers } from '../subscriber.ts';

export const RELOAD_RESULTS = ['applied', 'rejected'] as const;

/** The configuration in effect, and the orders to read it again. */
export function configMetrics(registry: Registry): Handlers {
  const info = new Gauge({
    name: 'webhook_config_info',
    help: 'Always 1; the digest is equal on all nodes with the same configuration in effect.',
    labelNames: ['digest'],
    registers: [registry],
  });
  const reloads = new Counter({
    name: 'webhook_config_reloads_total',
    help: 'Orders to read the configuration again, by result; rejected ones changed nothing.',
    labelNames: ['result'],
    registers: [registry],
  });
  for (const result of RELOAD_RESULTS) reloads.inc({ result }, 0);
  const restart = new Gauge({
    name: 'webhook_config_restart_needed',
    help: '1 when the last reload found changes that only a restart can let take effect.',
    registers: [registry],
  });
  return {
    'config.in_effect': ({ digest, by, needsRestart }) => {
      info.reset();
      info.set({ digest }, 1);
      restart.set(needsRestart.length > 0 ? 1 : 0);
      if (by !== null) reloads.inc({ result: 'applied' });
    },
    'config.rejected': () => reloads.inc({ result: 'rejected' }),
  };
}

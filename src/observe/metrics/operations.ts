import { Counter, Gauge, type Registry } from 'prom-client';
import { OPERATION_KINDS, type OperationKind, TARGET_OUTCOMES } from '../../domain/operation.ts';
import type { Handlers } from '../subscriber.ts';

/** Metrics of bulk operations that this process works on. */
export function operationMetrics(registry: Registry): Handlers {
  const targets = new Counter({
    name: 'webhook_bulk_targets_total',
    help: 'Targets of bulk operations that this process has gone through.',
    labelNames: ['kind', 'outcome'],
    registers: [registry],
  });
  const gauge = (name: string, help: string) =>
    new Gauge({ name, help, labelNames: ['kind'], registers: [registry] });
  const running = gauge('webhook_bulk_operations', 'Bulk operations that this process works on.');
  const waiting = gauge('webhook_bulk_waiting', 'Those that wait for the queue or for late deliveries.');
  for (const kind of OPERATION_KINDS) {
    for (const outcome of TARGET_OUTCOMES) targets.inc({ kind, outcome }, 0);
    for (const each of [running, waiting]) each.set({ kind }, 0);
  }
  const waits = new Set<string>();
  const goesOn = (id: string, kind: OperationKind) => {
    if (waits.delete(id)) waiting.dec({ kind });
  };
  return {
    'operation.claimed': ({ kind }) => running.inc({ kind }),
    'operation.left': ({ id, kind }) => {
      running.dec({ kind });
      goesOn(id, kind);
    },
    'operation.stepped': ({ kind, outcomes }) => {
      for (const [outcome, count] of Object.entries(outcomes)) targets.inc({ kind, outcome }, count);
    },
    'operation.waits': ({ id, kind, waitsFor }) => {
      if (waitsFor === null) return goesOn(id, kind);
      waits.add(id);
      waiting.inc({ kind });
    },
  };
}

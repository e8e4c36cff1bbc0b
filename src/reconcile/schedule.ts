import { SYSTEM } from '../domain/audit.ts';
import type { IngestInEffect } from '../ingest/prepare-ingest.ts';
import type { Clock } from '../runtime/clock.ts';
import { createRunLoop } from '../runtime/run-loop.ts';
import type { Service } from '../runtime/service.ts';
import type { SharedStore } from '../store/store.ts';
import { RECONCILABLE, type Reconcile } from './reconcile.ts';

export type ScheduleParts = Readonly<{
  store: Pick<SharedStore, 'tryLead'>;
  clock: Clock;
  inEffect: () => IngestInEffect;
  reconcile: Reconcile;
}>;

/** How often it is looked whether a source is due. */
const TICK_MS = 1_000;
/** What is younger may be on its way, and is left to the next run. */
const SETTLING_MS = 120_000;

/**
 * Reconciles each source that asks for it, for the first time an interval after the start. One node does it: the leader;
 * the interval of a node that becomes the leader begins anew. A failure is told by the run itself, and the next one is due
 * an interval later.
 */
export function createReconcileSchedule({ store, clock, inEffect, reconcile }: ScheduleParts): Service {
  const dueAtMs = new Map<string, number>();
  return createRunLoop(clock, TICK_MS, 'after a pause', async (signal) => {
    for (const { name, provider, reconcile: rule } of inEffect().sources.values()) {
      const everyMs = rule?.everyMs ?? null;
      const named = RECONCILABLE.find((each) => each === provider);
      if (rule === undefined || everyMs === null || named === undefined) continue;
      const nowMs = clock.nowMs();
      const due = dueAtMs.get(name);
      // A shorter interval holds at once.
      if (due === undefined || due > nowMs + everyMs) dueAtMs.set(name, nowMs + everyMs);
      if (due === undefined || due > nowMs || signal.aborted) continue;
      dueAtMs.set(name, nowMs + everyMs);
      const leads = await store.tryLead().catch(() => 'follower');
      if (leads === 'follower') continue;
      const span = { sinceMs: nowMs - rule.sinceMs, untilMs: nowMs - SETTLING_MS };
      const order = { source: name, provider: named, ...span, apply: true, hook: null, actor: SYSTEM };
      const begun = reconcile(order, signal);
      if (begun.kind === 'begun') await drain(begun.steps);
    }
  });
}

/** The run tells of its end by itself, and of its failure. */
async function drain(steps: AsyncGenerator<unknown>): Promise<void> {
  try {
    for await (const _step of steps);
  } catch {}
}

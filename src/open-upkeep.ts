import type { Config } from './config/config.ts';
import type { Core } from './core.ts';
import { createAuditPurger } from './dispatch/audit-purger.ts';
import { createCleanupGuard } from './dispatch/cleanup-guard.ts';
import type { Dispatch } from './dispatch/open-dispatch.ts';
import { createPurger } from './dispatch/purger.ts';
import { createRejectedPurger } from './dispatch/rejected-purger.ts';
import type { Ingest } from './ingest/open-ingest.ts';
import { monotonicMs } from './runtime/clock.ts';
import type { Service } from './runtime/service.ts';
import type { CleanupKind } from './store/store.ts';

/** What goes on beside events all the time. */
export function servicesOf(
  config: Config,
  core: Core,
  dispatch: Dispatch,
  ingest: Ingest,
): readonly Service[] {
  const { confirmations, duplicateNotes } = ingest;
  return [...dispatch.services, ...createPurgers(config, core), confirmations, duplicateNotes];
}

function createPurgers(
  { retentionMs, rejected, auditRetentionMs, cleanupIntervalMs: intervalMs }: Config,
  core: Pick<Core, 'store' | 'clock' | 'emit' | 'tracing'>,
): readonly Service[] {
  const guard = (kind: CleanupKind, ofKindMs: number) =>
    createCleanupGuard({ ...core, monotonicMs, kind, retentionMs: ofKindMs });
  return [
    createPurger({ ...core, mayRun: guard('events', retentionMs), retentionMs, intervalMs }),
    createRejectedPurger({
      ...core,
      mayRun: guard('rejected', rejected.retentionMs),
      retentionMs: rejected.retentionMs,
      intervalMs,
    }),
    createAuditPurger({
      ...core,
      mayRun: guard('audit', auditRetentionMs),
      retentionMs: auditRetentionMs,
      intervalMs,
    }),
  ];
}

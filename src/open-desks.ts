import type { Config } from './config/config.ts';
import type { Core } from './core.ts';
import { createAlertDesk } from './dispatch/alert-desk.ts';
import type { Watched } from './dispatch/alert-parts.ts';
import { createAlertWatch } from './dispatch/alert-watch.ts';
import { createLastEvents } from './dispatch/last-events.ts';
import type { Dispatch } from './dispatch/open-dispatch.ts';
import type { Ingest } from './ingest/open-ingest.ts';
import type { Access } from './prepare-config.ts';
import { createReconcile, type Reconcile } from './reconcile/reconcile.ts';
import { createReconcileSchedule } from './reconcile/schedule.ts';
import type { Service } from './runtime/service.ts';
import { readDiskRoom } from './store/open-store.ts';
import { withAlertTraces } from './telemetry.ts';

/** The watch, and what operators do with its alerts. */
export function openAlerts(
  config: Config,
  core: Core,
  watch: Readonly<{ watched: Watched }>,
  { onAccepted }: Dispatch,
) {
  const watched = () => watch.watched;
  const readDisk = () => readDiskRoom({ ...config, path: config.dbPath });
  const store = withAlertTraces(core.store, core.tracing);
  const parts = { ...core, store, watched, readDisk, mark: core.states.mark, onAccepted };
  const lastEvents = createLastEvents({ ...core, sources: () => watched().sources });
  return { desk: createAlertDesk(parts), services: [createAlertWatch(parts), lastEvents] };
}

/** What compares sources with what their providers have sent, when asked and by itself. */
export function openReconciling(
  { retentionMs }: Config,
  core: Core,
  { inEffect }: Ingest,
  access: Access,
): Readonly<{ reconcile: Reconcile; schedule: Service }> {
  const reconcile = createReconcile({
    ...{ ...core, fetch, retentionMs, inEffect },
    keys: () => access.providerKeys,
  });
  return { reconcile, schedule: createReconcileSchedule({ ...core, inEffect, reconcile }) };
}

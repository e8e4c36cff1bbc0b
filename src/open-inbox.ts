import type { Config } from './config/config.ts';
import { checkDefaultSource } from './config/sources.ts';
import type { Core, Tools } from './core.ts';
import { createDestinationStates } from './dispatch/destination-states.ts';
import type { Emit } from './events.ts';
import { writeStartRow } from './start-row.ts';
import { openStore } from './store/open-store.ts';
import type { Store, StoreObserver, StoreStats } from './store/store.ts';
import { openTracing, withReplayTraces } from './telemetry.ts';

/** Opens the store, and what traces its work: a stop sends what is recorded before it closes the store. */
export async function openTracedInbox(
  opened: AsyncDisposableStack,
  config: Config,
  tools: Tools,
  observer: InboxObserver,
  flushMs: () => number,
) {
  const { clock, newId, emit } = tools;
  const stored = await openInbox(config, emit, observer);
  opened.defer(() => stored.close());
  const instanceId = newId(clock.nowMs());
  const tracing = await openTracing({ ...tools, config, store: stored, instanceId });
  opened.defer(() => tracing.close(flushMs()));
  const store = withReplayTraces(stored, tracing);
  const states = createDestinationStates(store, clock);
  await states.refresh();
  return { store, tracing, states, instanceId };
}

type InboxObserver = Required<Pick<StoreObserver, 'onDue' | 'onFatal' | 'onClockReading'>>;

function openInbox(
  config: Config,
  emit: Emit,
  { onDue, onFatal, onClockReading }: InboxObserver,
): Promise<Store> {
  return openStore({
    path: config.dbPath,
    databaseUrl: config.databaseUrl,
    databaseDirectUrl: config.databaseDirectUrl,
    maxPendingDeliveries: config.queueMaxSize,
    maxHeldDeliveries: config.heldMaxSize,
    minFreeDiskBytes: config.minFreeDiskBytes,
    observer: {
      onCommit: (operations, durationMs) => emit({ type: 'store.committed', operations, durationMs }),
      onDue,
      onClockReading,
      onDiskLow: (isLow) => emit({ type: 'store.disk_low', isLow }),
      onOldestSnapshot: (ageMs) => emit({ type: 'store.oldest_snapshot', ageMs }),
      onMigrationWaits: (waitedMs) => emit({ type: 'store.migration_waits', waitedMs }),
      onConnectionsRefused: (open) => emit({ type: 'store.connections_refused', open }),
      onWalHeld: (heldMs, walBytes) => emit({ type: 'store.wal_held', heldMs, walBytes }),
      onClockSkew: (skewMs) => emit({ type: 'store.clock_skew', skewMs }),
      onSearchIndex: (build) =>
        emit(
          build.kind === 'failed'
            ? { type: 'store.index_failed', error: build.error }
            : { type: 'store.index_build', name: build.name, state: build.kind },
        ),
      onFatal: (error) => {
        emit({ type: 'receiver.failed', message: 'the store ended; restart the process', error });
        onFatal(error);
      },
    },
  });
}

/** Before anything is accepted: a database that cannot be read ends the start. */
export async function checkInbox(config: Config, core: Core): Promise<StoreStats> {
  const stats = await core.store.stats();
  await checkDefaultSource(config, core.store);
  await writeStartRow(core, config);
  return stats;
}

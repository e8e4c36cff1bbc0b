import type { Config, DestinationConfig } from '../config/config.ts';
import type { Emit } from '../events.ts';
import type { Source } from '../ingest/open-source.ts';
import type { StoreStats } from '../store/store.ts';

export type AnnounceParts = Readonly<{ config: Config; stats: StoreStats; sources: readonly Source[] }>;

/** The few lines that a start says, and what an operator should know of before it hurts. */
export function announce(parts: AnnounceParts, url: string, emit: Emit): void {
  const { config, stats, sources } = parts;
  const { destinations } = config;
  const names = destinations.map(({ name }) => name);
  emit({
    type: 'receiver.notice',
    message: `listening on ${url}`,
    details: {
      database: databaseOf(config),
      queue: config.queueUrl !== null,
      destinations: names,
      config_file: config.configFile,
    },
  });
  if (destinations.some(isStandIn)) {
    emit({
      type: 'receiver.notice',
      message: 'no destinations are configured: the simulator processes all events',
    });
  }
  for (const { name } of sources.filter(({ rules }) => rules?.verifier.awaitsSecret())) {
    emit({
      type: 'receiver.warning',
      message:
        `the source ${name} has no secret yet and takes the first one that it is sent: ` +
        'create the webhook at the provider now, and see that it is its own',
    });
  }
  for (const { destination, status, count } of stats.counts) {
    if (status !== 'pending' || names.includes(destination)) continue;
    const message = `${count} deliveries are pending for a destination that is not configured: ${destination}`;
    emit({ type: 'receiver.warning', message });
  }
}

/** Where the events are, without credentials. */
function databaseOf({ databaseUrl, dbPath }: Config): string {
  if (databaseUrl === null) return dbPath;
  const { host, pathname } = new URL(databaseUrl);
  return `postgres://${host}${pathname}`;
}

function isStandIn({ target }: DestinationConfig): boolean {
  return target.kind === 'simulator';
}

import type { Emit } from '../events.ts';
import type { Source } from '../ingest/open-source.ts';
import type { StoreStats } from '../store/store.ts';

/** What a start is reported from: members of the configuration, and what was found in the store. */
export type StartFacts = Readonly<{
  /** Where the receiver listens. */
  url: string;
  dbPath: string;
  databaseUrl: string | null;
  queueUrl: string | null;
  configFile: string | null;
  destinations: readonly Readonly<{ name: string; target: Readonly<{ kind: string }> }>[];
  sources: readonly Source[];
  stats: StoreStats;
}>;

/** Emits the few lines that a start writes, and warns of what an operator should know before it hurts. */
export function reportStart(facts: StartFacts, emit: Emit): void {
  emit({
    type: 'receiver.notice',
    message: `listening on ${facts.url}`,
    details: {
      database: databaseOf(facts),
      queue: facts.queueUrl !== null,
      destinations: facts.destinations.map(({ name }) => name),
      config_file: facts.configFile,
    },
  });
  if (facts.destinations.some(({ target }) => target.kind === 'simulator')) {
    emit({
      type: 'receiver.notice',
      message: 'no destinations are configured: the simulator processes all events',
    });
  }
  const unmarked = unmarkedNotice(facts.sources);
  if (unmarked !== null) emit({ type: 'receiver.notice', message: unmarked });
  for (const message of warningsOf(facts)) emit({ type: 'receiver.warning', message });
}

/** Sources whose captured requests nothing recognises, in one line. */
function unmarkedNotice(sources: readonly Source[]): string | null {
  const names = sources.flatMap(({ name, rules }) => (rules?.isUnmarked ? name : []));
  if (names.length === 0) return null;
  return (
    `without a replay mark: ${names.join(', ')}. The provider signs the body and not the event id, so a captured ` +
    'request that is sent again under another id is a new event; set replayWindowSeconds to recognise it, or to 0'
  );
}

function warningsOf({ sources, destinations, stats }: StartFacts): readonly string[] {
  const names = new Set(destinations.map(({ name }) => name));
  return [
    ...sources
      .filter(({ rules }) => rules?.verifier.awaitsSecret())
      .map(
        ({ name }) =>
          `the source ${name} has no secret yet and accepts the first one that it receives: ` +
          "create the webhook at the provider now, and check that the secret kept is that webhook's",
      ),
    ...stats.counts
      .filter(({ destination, status }) => status === 'pending' && !names.has(destination))
      .map(
        ({ destination, count }) =>
          `${count} deliveries are pending for a destination that is not configured: ${destination}`,
      ),
  ];
}

/** Where the events are stored, without credentials. */
function databaseOf({ databaseUrl, dbPath }: StartFacts): string {
  if (databaseUrl === null) return dbPath;
  const { host, pathname } = new URL(databaseUrl);
  return `postgres://${host}${pathname}`;
}

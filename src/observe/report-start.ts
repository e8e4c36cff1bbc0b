import { ALERT_SOURCE } from '../domain/alert.ts';
import { databaseUrlOf } from '../domain/database-url.ts';
import { compileGlob } from '../domain/glob.ts';
import type { Emit } from '../events.ts';
import type { Source } from '../ingest/open-source.ts';
import type { StoreStats } from '../store/store.ts';

/** What a start is reported from: members of the configuration, and what was found in the store. */
export type StartFacts = Readonly<{
  /** Where the receiver listens. */
  url: string;
  /** Where it listens for operators. */
  adminUrl: string;
  dbPath: string;
  databaseUrl: string | null;
  queueUrl: string | null;
  configFile: string | null;
  /** Who may use the admin surface and the console. */
  tokens: readonly object[];
  destinations: readonly DestinationFacts[];
  sources: readonly Source[];
  stats: StoreStats;
}>;

type DestinationFacts = Readonly<{
  name: string;
  /** Globs over source names. */
  sources: readonly string[];
  target: Readonly<{ kind: string }>;
}>;

/** Emits the few lines that a start writes, and warns of what an operator should know before it hurts. */
export function reportStart(facts: StartFacts, emit: Emit): void {
  emit({
    type: 'receiver.notice',
    message: `listening on ${facts.url}`,
    details: {
      ...(facts.adminUrl !== facts.url && { admin: facts.adminUrl }),
      ...(facts.tokens.length > 0 && { console: `${facts.adminUrl}/console` }),
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
    ...destinations.flatMap((destination) => unmatchedSources(destination, sources)),
    ...stats.counts
      .filter(({ destination, status }) => status === 'pending' && !names.has(destination))
      .map(
        ({ destination, count }) =>
          `${count} deliveries are pending for a destination that is not configured: ${destination}`,
      ),
  ];
}

/** Globs of a destination that no configured source matches: most likely a source is missing or mistyped. */
function unmatchedSources(
  { name, sources: globs }: DestinationFacts,
  sources: readonly Pick<Source, 'name'>[],
): readonly string[] {
  const isUnmatched = (glob: string) =>
    glob !== ALERT_SOURCE && !sources.some((source) => compileGlob(glob)(source.name));
  const unmatched = globs.filter(isUnmatched);
  const list = unmatched.map((glob) => JSON.stringify(glob)).join(', ');
  if (unmatched.length === globs.length) {
    return [`the destination ${name} gets no events: no configured source matches its sources, ${list}`];
  }
  return unmatched.length === 0
    ? []
    : [`the destination ${name} names sources that are not configured: ${list}`];
}

/** Where the events are stored, without credentials. */
function databaseOf({ databaseUrl, dbPath }: StartFacts): string {
  if (databaseUrl === null) return dbPath;
  return `postgres://${databaseUrlOf(databaseUrl).place}`;
}

import { type Clock, systemClock } from '../../runtime/clock.ts';
import { createRunLoop } from '../../runtime/run-loop.ts';
import type { StoreObserver } from '../store.ts';
import { cancelStatement } from './cancel.ts';
import { type ConnectOptions, connectClient } from './connect.ts';
import type { Query, Statement } from './database.ts';
import { groupOlder } from './group-older.ts';
import { LOCK_SPACE } from './migrate.ts';

/** The columns of `events` that a search walks by an index. */
export type SearchColumn = 'source' | 'event_type';

/** What an index is for. */
type Purpose = SearchColumn | 'failures';

/**
 * Indexes that the migration leaves to the program where there are many events: built in one go they would keep every
 * accept from its table. Searches walk the events by time until they are there, and failures are counted from the dead letters.
 */
export type SearchIndexes = Readonly<{
  /** Whether the index of the column is ready. */
  has(column: SearchColumn): Promise<boolean>;
  /** Builds what is not there, beside the work of all nodes. */
  start(): void;
  stop(): Promise<void>;
}>;

const INDEXES: Readonly<Record<Purpose, Readonly<{ name: string; on: string }>>> = {
  source: { name: 'events_by_source', on: 'events (source, id)' },
  event_type: { name: 'events_by_type', on: 'events (event_type collate "C", id)' },
  failures: {
    name: 'deliveries_failures',
    on: `deliveries (destination, failure_group, updated_at, event_id, number)
      where status = 'failed' and replayed_by is null`,
  },
};

type IndexRow = Readonly<{ name: string; ready: boolean }>;

const FOUND: Statement<IndexRow> = {
  name: 'search_indexes',
  text: `
select c.relname as name, i.indisvalid as ready from pg_index i join pg_class c on c.oid = i.indexrelid
where i.indrelid in ('events'::regclass, 'deliveries'::regclass)
  and c.relname in ('events_by_source', 'events_by_type', 'deliveries_failures')`,
};

const BUILD_LOCK = 3;
/** How long to wait for another node's build, or after a failure. */
const RETRY_MS = 60_000;

export function createSearchIndexes(
  query: Query,
  connection: ConnectOptions,
  { onSearchIndex = () => {} }: StoreObserver,
  clock: Clock = systemClock,
): SearchIndexes {
  const ready = new Set<string>();
  let isGrouped = false;
  const look = async (): Promise<boolean> => {
    for (const { name, ready: isReady } of await query(FOUND)) if (isReady) ready.add(name);
    return ready.size === Object.keys(INDEXES).length;
  };
  const loop = createRunLoop(clock, RETRY_MS, 'at once', async (signal) => {
    try {
      if (!(await look())) await build(connection, onSearchIndex, signal);
      if (!isGrouped) await groupOlder(query, signal);
      isGrouped = true;
    } catch (error) {
      if (!signal.aborted) onSearchIndex({ kind: 'failed', error: error as Error });
    }
  });
  return {
    async has(column) {
      const { name } = INDEXES[column];
      if (!ready.has(name)) await look();
      return ready.has(name);
    },
    start: () => void loop.start(),
    async stop() {
      await loop.stop();
    },
  };
}

/** On a connection of its own, whose statements may take as long as they need. */
async function build(
  connection: ConnectOptions,
  onSearchIndex: NonNullable<StoreObserver['onSearchIndex']>,
  signal: AbortSignal,
): Promise<void> {
  const client = await connectClient(connection, { query_timeout: 0 });
  const onAbort = () => void cancelStatement(client).then(() => client.end().catch(() => {}));
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    await client.query('set statement_timeout = 0');
    await client.query('set lock_timeout = 0');
    const lock = await client.query(`select pg_try_advisory_lock(${LOCK_SPACE}, ${BUILD_LOCK}) as mine`);
    if (lock.rows[0].mine !== true) return;
    const { rows } = await client.query<IndexRow>(FOUND.text);
    for (const { name, on } of Object.values(INDEXES)) {
      const found = rows.find((row) => row.name === name);
      if (found?.ready === true) continue;
      onSearchIndex({ kind: 'building', name });
      // What a build that was cut off leaves behind is of no use.
      if (found !== undefined) await client.query(`drop index concurrently if exists ${name}`);
      await client.query(`create index concurrently ${name} on ${on}`);
      onSearchIndex({ kind: 'built', name });
    }
  } finally {
    signal.removeEventListener('abort', onAbort);
    await client.end().catch(() => {});
  }
}

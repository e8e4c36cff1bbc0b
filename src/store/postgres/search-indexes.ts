import type { ClientBase } from 'pg';
import { type Clock, systemClock } from '../../runtime/clock.ts';
import { createRunLoop } from '../../runtime/run-loop.ts';
import type { StoreObserver } from '../store.ts';
import { cancelStatement } from './cancel.ts';
import { type ConnectOptions, connectClient } from './connect.ts';
import type { Query, Statement } from './database.ts';
import { areRangesComplete, fillRanges, RANGE_FILL } from './fill-ranges.ts';
import { groupOlder } from './group-older.ts';
import { LOCK_SPACE } from './migrate.ts';
import { hasState } from './store-failure.ts';

/** The columns of `events` that a search walks by an index of before. */
export type SearchColumn = 'source' | 'event_type';

/**
 * What the migration leaves to the program where there are many events: done in one go it would keep every accept from its
 * table. Until it is there, searches walk the events by an index of before, or by time, and failures are counted from the
 * dead letters.
 */
export type SearchIndexes = Readonly<{
  /** Whether each event has a range of its source and type. */
  hasRanges(): Promise<boolean>;
  /** Whether the index of the column is there. */
  has(column: SearchColumn): Promise<boolean>;
  /** Makes what is not there, beside the work of all nodes. */
  start(): void;
  stop(): Promise<void>;
}>;

const OLD_INDEXES: Readonly<Record<SearchColumn, string>> = {
  source: 'events_by_source',
  event_type: 'events_by_type',
};

const FAILURES = {
  name: 'deliveries_failures',
  on: `deliveries (destination, failure_group, updated_at, event_id, number)
    where status = 'failed' and replayed_by is null`,
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
/** How long to wait for another node's work, or after a failure; and how often to look for a program of before. */
const RETRY_MS = 60_000;
/** SQLSTATE of a role that does not own the table. */
const NOT_THE_OWNER = '42501';

export function createSearchIndexes(
  query: Query,
  connection: ConnectOptions,
  { onSearchIndex = () => {} }: StoreObserver,
  clock: Clock = systemClock,
): SearchIndexes {
  let ready: ReadonlySet<string> = new Set();
  let hasRanges = false;
  let isGrouped = false;
  let isRefused = false;
  const look = async (): Promise<boolean> => {
    const found = await query(FOUND);
    ready = new Set(found.filter((index) => index.ready).map(({ name }) => name));
    hasRanges = areRangesComplete(await query(RANGE_FILL));
    return hasRanges && ready.has(FAILURES.name);
  };
  const make = async (client: ClientBase, signal: AbortSignal) => {
    await build(client, onSearchIndex);
    let isBegun = false;
    const name = 'event_ranges';
    const isDone = await fillRanges(client, clock, signal, () => {
      isBegun = true;
      onSearchIndex({ kind: 'building', name });
    });
    if (isBegun && isDone) onSearchIndex({ kind: 'built', name });
  };
  const loop = createRunLoop(clock, RETRY_MS, 'at once', async (signal) => {
    try {
      if (!(await look()) && !isRefused) await alone(connection, signal, (client) => make(client, signal));
      if (!isGrouped) await groupOlder(query, signal);
      isGrouped = true;
    } catch (error) {
      if (signal.aborted) return;
      isRefused = hasState(error, NOT_THE_OWNER);
      onSearchIndex({ kind: 'failed', error: error as Error });
    }
  });
  return {
    async hasRanges() {
      if (!hasRanges) await look();
      return hasRanges;
    },
    async has(column) {
      if (!ready.has(OLD_INDEXES[column])) await look();
      return ready.has(OLD_INDEXES[column]);
    },
    start: () => void loop.start(),
    async stop() {
      await loop.stop();
    },
  };
}

/** On a connection of its own, whose statements may take as long as they need, unless another node is at it. */
async function alone(
  connection: ConnectOptions,
  signal: AbortSignal,
  work: (client: ClientBase) => Promise<void>,
): Promise<void> {
  const client = await connectClient(connection, { query_timeout: 0 });
  const onAbort = () => void cancelStatement(client).then(() => client.end().catch(() => {}));
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    await client.query('set statement_timeout = 0');
    await client.query('set lock_timeout = 0');
    const lock = await client.query(`select pg_try_advisory_lock(${LOCK_SPACE}, ${BUILD_LOCK}) as mine`);
    if (lock.rows[0].mine === true) await work(client);
  } finally {
    signal.removeEventListener('abort', onAbort);
    await client.end().catch(() => {});
  }
}

async function build(
  client: ClientBase,
  onSearchIndex: NonNullable<StoreObserver['onSearchIndex']>,
): Promise<void> {
  const { name, on } = FAILURES;
  const { rows } = await client.query<IndexRow>(FOUND.text);
  const found = rows.find((row) => row.name === name);
  if (found?.ready === true) return;
  onSearchIndex({ kind: 'building', name });
  // What a build that was cut off leaves behind is of no use.
  if (found !== undefined) await client.query(`drop index concurrently if exists ${name}`);
  await client.query(`create index concurrently ${name} on ${on}`);
  onSearchIndex({ kind: 'built', name });
}

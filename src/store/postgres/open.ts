import type { Pool } from 'pg';
import { StoreError } from '../../domain/errors.ts';
import { systemClock } from '../../runtime/clock.ts';
import { createMutex, type Mutex } from '../../runtime/mutex.ts';
import { createRunLoop } from '../../runtime/run-loop.ts';
import { forward, methodsOf, runVerb, type Verbs } from '../forward.ts';
import type { Bound, CompleteStore, Method, Store, StoreOptions } from '../store.ts';
import { auditVerbs } from './audit.ts';
import { type Backlogs, createBacklog } from './backlog.ts';
import { type Borrow, createBorrow } from './borrow.ts';
import { browseVerbs } from './browse.ts';
import { browseRejectedVerbs } from './browse-rejected.ts';
import { cleanupVerbs } from './cleanups.ts';
import { createCompletions } from './complete.ts';
import { configurationVerbs } from './configuration.ts';
import { createPool, HANDLER_SESSION } from './connect.ts';
import type { Database, Query } from './database.ts';
import { createDatabases, type Databases, PING } from './databases.ts';
import { deadLetterVerbs } from './dead-letters.ts';
import { destinationVerbs } from './destinations.ts';
import { dueVerbs } from './due.ts';
import { duplicatesVerbs } from './duplicates.ts';
import { erasableVerbs } from './erasable.ts';
import { erase } from './erase.ts';
import { createErasure, type Erasure } from './erasure.ts';
import { createKnownRanges } from './event-ranges.ts';
import { expired } from './expired.ts';
import { failureVerbs } from './failures.ts';
import { createFolding, fold } from './fold-counts.ts';
import { historyVerbs } from './history.ts';
import { createTimed, type Timed } from './lane.ts';
import { createLanes, type Lanes, laneVerbs } from './lanes.ts';
import { createLimitGate, type LimitGate } from './limit-gate.ts';
import { look } from './look.ts';
import { createLooking } from './look-behind.ts';
import type { Migration } from './migrate.ts';
import { MIGRATIONS } from './migrations/index.ts';
import { minuteVerbs } from './minutes.ts';
import { createNodeSession, type NodeSession } from './node-session.ts';
import { operationVerbs } from './operations.ts';
import { orderVerbs } from './order.ts';
import { createUnderLocks, type UnderLocks } from './order-locks.ts';
import { checkDirectWay, prepareServer } from './prepare.ts';
import { purge } from './purge.ts';
import { createKeepLane, type KeepLane, rejectedVerbs } from './rejected.ts';
import { replay } from './replay.ts';
import { reschedule } from './reschedule.ts';
import { searchVerbs } from './search.ts';
import { createSearchIndexes, type SearchIndexes } from './search-indexes.ts';
import { createServers } from './servers.ts';
import { sourceStateVerbs } from './source-state.ts';
import { stats } from './stats.ts';
import { takeRejected } from './take-rejected.ts';
import { createWalks, type Walks } from './walks.ts';

export type PostgresOptions = StoreOptions &
  Readonly<{
    url: string;
    /**
     * Leads to PostgreSQL itself when `url` leads to a pooler in transaction mode. Statements are then not prepared by
     * name, and the node's session (notifications, leadership) uses this URL.
     */
    directUrl?: string | null;
    /** Most connections of the pool. The node's session and handlers' transactions have connections beside it. */
    poolSize?: number;
    /** For tests of upgrades. */
    migrations?: readonly Migration[];
  }>;

const NO_LIMIT = Number.MAX_SAFE_INTEGER;
const POOL_SIZE = 10;
/** Transactions of handlers that may be open at once. Each has its own connection. */
const MAX_COMPLETIONS = 10;
/** Searches that may run at once, each on a connection of its own, which is closed when it is idle. */
const SEARCH_POOL_SIZE = 2;
/** How often to look for work that no notification told of. */
const POLL_MS = 1_000;
const APPLICATION_NAME = 'webhook-receiver';

type Context = Readonly<{
  /** Of the background database. */
  query: Query;
  interactive: Database;
  background: Database;
  lanes: Lanes;
  keepLane: KeepLane;
  erasure: Erasure;
  backlogs: Backlogs;
  gates: Readonly<Record<Bound, LimitGate>>;
  timed: Timed;
  underLocks: UnderLocks;
  sourceStateMutex: Mutex;
  completeWithin: CompleteStore['completeWithin'];
  session: NodeSession;
  due: Walks;
  leases: Walks;
  searches: Database;
  searchIndexes: SearchIndexes;
}>;

const VERBS: Verbs<Context, Exclude<Method, 'close'>> = {
  ...laneVerbs,
  ...browseVerbs,
  ...deadLetterVerbs,
  ...failureVerbs,
  ...searchVerbs,
  ...duplicatesVerbs,
  ...historyVerbs,
  ...dueVerbs,
  ...orderVerbs,
  ...rejectedVerbs,
  ...browseRejectedVerbs,
  ...sourceStateVerbs,
  ...cleanupVerbs,
  ...auditVerbs,
  ...configurationVerbs,
  ...erasableVerbs,
  erase,
  ...destinationVerbs,
  ...operationVerbs,
  ...minuteVerbs,
  expired,
  purge,
  replay,
  reschedule,
  stats,
  takeRejected: (context, ...request) =>
    takeRejected({ ...context, announce: context.session.announce }, ...request),
  completeWithin: ({ completeWithin }, ...request) => completeWithin(...request),
  tryLead: ({ session }) => session.tryLead(),
  countNodes: ({ session }) => session.countNodes(),
  async ping({ interactive }) {
    await interactive.query(PING);
  },
};

/**
 * Opens the store on a PostgreSQL database that any number of nodes share.
 * @throws StoreError STORE_UNAVAILABLE, STORE_UNSAFE or STORE_SCHEMA
 */
export async function openPostgresStore(options: PostgresOptions): Promise<Store> {
  const connections = await connect(options);
  const { databases, searches, handlers, searchIndexes, session } = connections;
  const context = createContext(connections, options);
  // Of a node that ended a while ago.
  await fold(context.query);
  const calls = createCalls();
  const poll = createRunLoop(systemClock, POLL_MS, 'after a pause', async () => options.observer?.onDue?.());
  const folding = createFolding(context.query);
  void poll.start();
  const looking = createLooking(context.query, context.due, () => options.observer?.onDue?.());
  void folding.start();
  void looking.start();
  searchIndexes.start();
  return {
    exclusive: false,
    ...forward(methodsOf(VERBS), (operation) => calls.run(() => runVerb(VERBS, context, operation))),
    close: () =>
      calls.close(async () => {
        await poll.stop();
        await Promise.all([folding.stop(), looking.stop()]);
        await calls.drain();
        await searchIndexes.stop();
        await session.stop();
        await searches.end();
        await handlers.end();
        await databases.end();
      }),
  };
}

type Connections = Readonly<{
  databases: Databases;
  /** For searches alone: they take longer than anything else, and their failures say nothing of the others. */
  searches: Databases;
  searchIndexes: SearchIndexes;
  /** The connections on which handlers write. */
  handlers: Pool;
  borrowHandler: Borrow;
  session: NodeSession;
  due: Walks;
}>;

async function connect({
  url,
  directUrl = null,
  poolSize = POOL_SIZE,
  migrations = MIGRATIONS,
  observer = {},
}: PostgresOptions): Promise<Connections> {
  const isDirect = directUrl === null;
  const servers = createServers(url);
  const main = { servers, applicationName: APPLICATION_NAME, isDirect };
  const ownServers = directUrl === null ? servers : createServers(directUrl);
  const own = { servers: ownServers, applicationName: `${APPLICATION_NAME} node`, isDirect: true };
  const handler = { ...main, applicationName: `${APPLICATION_NAME} handler`, session: HANDLER_SESSION };
  await prepareServer(main, migrations, {
    onMigrationWaits: observer.onMigrationWaits,
    // Before anything works by it: the node's session may find no connection left for a while.
    greet: (client) => look(client, systemClock, observer),
  });
  if (!isDirect) await checkDirectWay(own);
  const pool = createPool(main, poolSize, true);
  const handlers = createPool(handler, MAX_COMPLETIONS);
  const onRefused = (open: number) => observer.onConnectionsRefused?.(open);
  const due = createWalks();
  const session = createNodeSession(own, observer, due);
  await session.start();
  const searchPool = createPool({ ...main, applicationName: `${APPLICATION_NAME} search` }, SEARCH_POOL_SIZE);
  // Each search has a text of its own, so no statement is prepared by name.
  const searches = createDatabases(searchPool, false, createBorrow(searchPool, onRefused));
  return {
    databases: createDatabases(pool, isDirect, createBorrow(pool, onRefused)),
    searches,
    searchIndexes: createSearchIndexes(searches.background.query, own, observer),
    handlers,
    borrowHandler: createBorrow(handlers, onRefused),
    session,
    due,
  };
}

function createContext(
  { databases, searches, searchIndexes, borrowHandler, session, due }: Connections,
  options: PostgresOptions,
): Context {
  const { interactive, background, breaker } = databases;
  const { query } = background;
  const erasure = createErasure();
  const backlogs = {
    pending: createBacklog(options.maxPendingDeliveries),
    held: createBacklog(options.maxHeldDeliveries ?? NO_LIMIT),
  };
  const gates = { pending: createLimitGate(backlogs.pending), held: createLimitGate(backlogs.held) };
  const timed = createTimed(options.observer ?? {});
  const leases = createWalks();
  const walks = { due, leases };
  return {
    query,
    interactive,
    background,
    backlogs,
    erasure,
    gates,
    timed,
    session,
    searches: searches.background,
    searchIndexes,
    due,
    leases,
    lanes: createLanes({
      databases,
      backlogs,
      erasure,
      ranges: createKnownRanges(),
      gates,
      timed,
      walks,
      announce: session.announce,
    }),
    keepLane: createKeepLane(query),
    underLocks: createUnderLocks(background),
    sourceStateMutex: createMutex(),
    completeWithin: createCompletions({
      borrow: borrowHandler,
      maxOpen: MAX_COMPLETIONS,
      breaker,
      named: (options.directUrl ?? null) === null,
      query,
      due,
    }),
  };
}

/** Counts open calls, and refuses calls after the close. */
function createCalls() {
  let open = 0;
  let closing: Promise<void> | null = null;
  let onIdle = () => {};
  const ended = () => {
    open -= 1;
    if (open === 0) onIdle();
  };
  return {
    async run<T>(work: () => T | Promise<T>): Promise<T> {
      if (closing !== null) throw new StoreError('STORE_CLOSED', 'the store is closed');
      open += 1;
      try {
        return await work();
      } finally {
        ended();
      }
    },
    /** Resolves when every call has its answer. Called once, when no more can come. */
    drain: () => (open === 0 ? Promise.resolve() : new Promise<void>((resolve) => (onIdle = resolve))),
    close(work: () => Promise<void>): Promise<void> {
      closing ??= work();
      return closing;
    },
  };
}

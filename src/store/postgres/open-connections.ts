import type { Pool } from 'pg';
import { systemClock } from '../../runtime/clock.ts';
import type { StoreOptions } from '../store.ts';
import { type Borrow, createBorrow } from './borrow.ts';
import { createPool, HANDLER_SESSION } from './connect.ts';
import { createDatabases, type Databases } from './databases.ts';
import { look } from './look.ts';
import type { Migration } from './migrate.ts';
import { MIGRATIONS } from './migrations/index.ts';
import { createNodeSession, type NodeSession } from './node-session.ts';
import { checkDirectWay, prepareServer } from './prepare.ts';
import { createSearchIndexes, type SearchIndexes } from './search-indexes.ts';
import { createServers } from './servers.ts';
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

const POOL_SIZE = 10;
/** Transactions of handlers that may be open at once. Each has its own connection. */
export const MAX_COMPLETIONS = 10;
/** Searches that may run at once, each on a connection of its own, which is closed when it is idle. */
const SEARCH_POOL_SIZE = 2;
const APPLICATION_NAME = 'webhook-receiver';

export type Connections = Readonly<{
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

/**
 * Prepares the server, and opens all connections of a node.
 * @throws StoreError STORE_UNAVAILABLE, STORE_UNSAFE or STORE_SCHEMA
 */
export async function openConnections({
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

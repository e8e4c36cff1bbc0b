import pg from 'pg';
import { monotonicMs } from '../../runtime/clock.ts';
import type { Servers } from './servers.ts';
import { toWriter, writerClient } from './writer-client.ts';

export type ConnectOptions = Readonly<{
  /** Those of a URL. Connections that share them find the server that takes writes once. */
  servers: Servers;
  /** What pg_stat_activity shows. */
  applicationName: string;
  /** Whether they are PostgreSQL itself, and not to a pooler that shares its connections among clients. */
  isDirect: boolean;
  /** What the session is set to; that of the program's own statements by default. */
  session?: Readonly<Record<string, string>>;
}>;

export const CONNECT_TIMEOUT_MS = 3_000;
/** No statement of the program takes long: one that does is stuck, and its caller should get an error. */
const STATEMENT_TIMEOUT_MS = 15_000;
/** A server that is cut off answers nothing, not even that a statement timed out. */
export const ANSWER_TIMEOUT_MS = 20_000;
const INT8 = 20;

/** 64-bit integers are times and counts, which a number holds exactly; the client would return them as strings. */
const types: pg.CustomTypesConfig = {
  getTypeParser: ((oid: number, format?: 'text' | 'binary') =>
    oid === INT8 && format !== 'binary'
      ? Number
      : pg.types.getTypeParser(oid, format as 'text')) as typeof pg.types.getTypeParser,
};

/**
 * The session of a connection on which handlers write, with the planner settings of the server. A process that is frozen
 * with an open transaction loses the transaction and its locks at about the time its leases run out.
 */
export const HANDLER_SESSION = {
  // Power loss after our 2xx would lose the event, whatever the server's own default is.
  synchronous_commit: 'on',
  statement_timeout: String(STATEMENT_TIMEOUT_MS),
  lock_timeout: '10000',
  // A statement that waited for a lock must see what was committed under it. Escaped, since options end at a space.
  default_transaction_isolation: 'read\\ committed',
  idle_in_transaction_session_timeout: '30000',
};

/**
 * Every statement looks up rows by keys that it has. A plan that was made while a table was empty, or from statistics
 * of that time, would scan it: claims then take a hundred times as long.
 */
export const BY_INDEX = { enable_seqscan: 'off', enable_hashjoin: 'off', enable_mergejoin: 'off' };

/** A setting that only shows whether the session's settings have arrived; see check-server.ts. */
export const ARRIVED = 'webhook_receiver.settings';

/** Settings of each session, given with the connect so that they cost no round trip. A pooler refuses or drops them. */
const SESSION = {
  [ARRIVED]: 'on',
  ...HANDLER_SESSION,
  // Plans do not depend on the values, and planning a statement costs as much as running it.
  plan_cache_mode: 'force_generic_plan',
  ...BY_INDEX,
  jit: 'off',
};

/** All but the server, which is chosen as the client is made: see writer-client.ts. */
export function clientConfig({
  servers,
  applicationName,
  isDirect,
  session = SESSION,
}: ConnectOptions): pg.ClientConfig {
  const own = ownOptions(servers.current());
  const options = isDirect ? sessionOptions(session, own) : own;
  return {
    application_name: applicationName,
    keepAlive: true,
    keepAliveInitialDelayMillis: 5_000,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    query_timeout: ANSWER_TIMEOUT_MS,
    types,
    ...(options !== '' && { options }),
  };
}

/** The URL's own options come last, so they take precedence: `?options=-c%20search_path%3Dinbox`. */
function sessionOptions(session: Readonly<Record<string, string>>, own: string): string {
  const ours = Object.entries(session).map(([name, value]) => `-c ${name}=${value}`);
  return [...ours, own].join(' ').trim();
}

function ownOptions(url: string): string {
  return new URL(url).searchParams.get('options') ?? '';
}

/**
 * A client of its own with its connection, to the server that takes writes.
 * @param own settings of the client beside those of all
 */
export function connectClient(options: ConnectOptions, own: pg.ClientConfig = {}): Promise<pg.Client> {
  const Client = writerClient(options.servers);
  return toWriter(options.servers, () => {
    const client = new Client({ ...clientConfig(options), ...own });
    // Without a listener a connection that breaks would end the process; the next query reports it.
    client.on('error', () => {});
    return client.connect();
  });
}

/**
 * Makes the pool; it connects when it is first used.
 * @param pipeline sends statements without waiting for the answers before: see Database.queryBehind. Database also limits
 *   how long they may take
 */
export function createPool(options: ConnectOptions, max: number, pipeline = false): pg.Pool {
  const { servers } = options;
  const config = { ...clientConfig(options), ...(pipeline && { query_timeout: 0 }) };
  const pool = new pg.Pool({
    ...config,
    max,
    idleTimeoutMillis: 60_000,
    pipeline,
    Client: writerClient(servers),
  });
  followServers(pool, servers);
  // A connection that breaks while it is idle is replaced with the next use.
  pool.on('error', () => {});
  let connects = 0;
  pool.on('connect', (client) => {
    expiry.set(client, monotonicMs() + connectionAgeMs(connects++));
    // One that breaks in use rejects its query; without a listener it would end the process as well.
    client.on('error', () => {});
  });
  return pool;
}

/** Whoever asks the pool for a connection gets one to the server that takes writes, if there is one. */
function followServers(pool: pg.Pool, servers: Servers): void {
  if (servers.count === 1) return;
  const connect = pool.connect.bind(pool) as () => Promise<pg.PoolClient>;
  pool.connect = (() => toWriter(servers, connect)) as typeof pool.connect;
}

/** When each connection is to be replaced, by the monotonic clock. */
const expiry = new WeakMap<pg.ClientBase, number>();

/**
 * Connections are replaced, so that the pool follows an address that has moved to another server: one that still works
 * would stay on the old server for ever.
 */
const LONGEST_AGE_MS = 60_000;
const SHORTEST_AGE_MS = 45_000;
/** The golden ratio spreads consecutive numbers evenly, so that connections made together are not replaced together. */
const SPREAD = 0.618_033_988_75;

export function connectionAgeMs(number: number): number {
  return SHORTEST_AGE_MS + ((number * SPREAD) % 1) * (LONGEST_AGE_MS - SHORTEST_AGE_MS);
}

/** Whether the connection is to be closed instead of given back to its pool. */
export function isExpired(client: pg.ClientBase): boolean {
  return monotonicMs() > (expiry.get(client) ?? Number.POSITIVE_INFINITY);
}

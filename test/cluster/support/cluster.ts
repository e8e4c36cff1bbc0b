import { fileURLToPath } from 'node:url';
import { BY_INDEX } from '../../../src/store/postgres/connect.ts';
import { eventually } from '../../../testkit/eventually.ts';
import { type PgBouncer, startPgBouncer } from '../../../testkit/pgbouncer.ts';
import { startPostgres, type TestPostgres } from '../../../testkit/postgres.ts';
import {
  type Env,
  type Exit,
  type ReceiverProcess,
  receiverFolder,
} from '../../../testkit/receiver-process.ts';
import { createDisturbances, type Disturbances } from './disturbances.ts';
import { machineMs } from './now.ts';
import { LEDGER_CONFIG } from './runs.ts';
import { type Sql, sqlOn } from './sql.ts';

type Cleanup = Readonly<{ after(clean: () => Promise<void>): void }>;

/** A name that keeps its place in the cluster, whatever process lives there. */
export type Place = Readonly<{ name: string; process: ReceiverProcess }>;

export type Cluster = Readonly<{
  sql: Sql;
  /** Where the runs are written down. */
  folder: string;
  leaseMs: number;
  disturbances: Disturbances;
  names: readonly string[];
  /** Origins of the nodes that are not known to be dead. */
  urls(): readonly string[];
  node(name: string): ReceiverProcess;
  /** Waits until one node leads, another than `except`, and gives its name. */
  leader(except?: string): Promise<string>;
  kill(name: string): Promise<void>;
  /** A new process in the place of one that is gone. */
  revive(name: string): Promise<void>;
  /** Ends the process in good order, and starts a new one in its place. @throws when it does not end well */
  restart(name: string): Promise<void>;
  /** Stops the process, as a machine that swaps or a debugger does; what it returns lets it go on. */
  freeze(name: string): () => void;
  /** Ends PostgreSQL as a power cut does, and starts it again after a while. */
  crashDatabase(awayMs: number): Promise<void>;
  /** Stops PostgreSQL with all its backends, without a word to anybody; what it returns lets it go on. */
  freezeDatabase(): Promise<() => void>;
  /** Ends the pooler in the same way, if there is one. */
  crashPooler(awayMs: number): Promise<void>;
  /** Ends all nodes as an operator does. @throws for one that does not end well */
  stop(): Promise<void>;
}>;

const NODE = fileURLToPath(new URL('./node.ts', import.meta.url));

/** As docs/operations.md advises, with fewer connections than one node would have by itself. */
const POOLER_SETTINGS = { default_pool_size: '6', query_wait_timeout: '5', server_login_retry: '1' };

export type ClusterOptions = Readonly<{
  names: readonly string[];
  leaseMs: number;
  /** For all nodes, such as a QUEUE_URL. */
  env?: Env;
  /** For one of them. */
  envOf?: (name: string) => Env;
  /** Whether the nodes reach the database by a PgBouncer in transaction mode. */
  isPooled?: boolean;
  /** Their config file; that with the ledger by default. */
  config?: string;
  /** The URL of an empty database on servers of the test's own. */
  url?: string;
}>;

/** Starts PostgreSQL and the nodes on it; both end with the test. */
export async function startCluster(t: Cleanup, options: ClusterOptions): Promise<Cluster> {
  const { names, leaseMs, env = {}, envOf = () => ({}), isPooled = false, config = LEDGER_CONFIG } = options;
  const postgres = options.url === undefined ? await startOwnPostgres(t, isPooled) : null;
  const url = options.url ?? (await postgres!.createDatabase());
  const pooler = isPooled ? await startPooler(t, postgres!) : null;
  const sql = sqlOn(url);
  const folder = await receiverFolder(t, {
    program: NODE,
    config,
    env: {
      TEST_LEASE_MS: String(leaseMs),
      QUEUE_MAXSIZE: '1000000',
      WORKER_COUNT: '16',
      MAX_ATTEMPTS: '100',
      RETRY_BASE_DELAY: '0',
      ...env,
    },
  });
  const start = async (name: string) => {
    // By the name of its sessions the leader is found.
    const own = `${url}?application_name=${name}`;
    if (pooler === null) return folder.start({ ...envOf(name), DATABASE_URL: own });
    return folder.start({ ...envOf(name), DATABASE_URL: pooler.urlOf(own), DATABASE_DIRECT_URL: own });
  };
  const alive = new Map(await Promise.all(names.map(async (name) => [name, await start(name)] as const)));
  const disturbances = createDisturbances();
  const node = (name: string) => alive.get(name)!;
  const outage = async (awayMs: number, crash: () => Promise<void>, start: () => Promise<void>) => {
    const fromMs = machineMs();
    await crash();
    await new Promise((resolve) => setTimeout(resolve, awayMs));
    await start();
    disturbances.add({ kind: 'outage', pid: null, fromMs, toMs: machineMs() });
  };

  return {
    sql,
    folder: folder.path,
    leaseMs,
    disturbances,
    names,
    urls: () => [...alive.values()].map((each) => each.url),
    node,
    leader: (except) =>
      eventually('a node leads', async () => {
        const [leader] = await leaders(sql);
        return leader !== except && leader;
      }),
    async kill(name) {
      const { pid, crash } = node(name);
      alive.delete(name);
      disturbances.add({ kind: 'kill', pid, fromMs: machineMs(), toMs: Number.POSITIVE_INFINITY });
      await crash();
    },
    async revive(name) {
      alive.set(name, await start(name));
    },
    async restart(name) {
      const ending = node(name);
      alive.delete(name);
      checkExit(await ending.stop());
      alive.set(name, await start(name));
    },
    freeze(name) {
      const { pid, kill } = node(name);
      const fromMs = machineMs();
      kill('SIGSTOP');
      return () => {
        kill('SIGCONT');
        disturbances.add({ kind: 'freeze', pid, fromMs, toMs: machineMs() });
      };
    },
    crashDatabase: (awayMs) => outage(awayMs, postgres!.crash, postgres!.start),
    async freezeDatabase() {
      const fromMs = machineMs();
      await postgres!.freeze();
      return () => {
        postgres!.thaw();
        disturbances.add({ kind: 'outage', pid: null, fromMs, toMs: machineMs() });
      };
    },
    crashPooler: (awayMs) => outage(awayMs, pooler!.kill, pooler!.start),
    async stop() {
      const exits = await Promise.all([...alive.values()].map((each) => each.stop()));
      exits.forEach(checkExit);
    },
  };
}

function checkExit({ code, stderr }: Exit): void {
  if (code !== 0 || stderr !== '') throw new Error(`a node ended with ${code}: ${stderr}`);
}

async function startOwnPostgres(t: Cleanup, isPooled: boolean): Promise<TestPostgres> {
  // Behind a pooler that is what the role has to bring.
  const postgres = await startPostgres(isPooled ? BY_INDEX : {});
  t.after(() => postgres.stop());
  return postgres;
}

async function startPooler(t: Cleanup, { url }: TestPostgres): Promise<PgBouncer> {
  const pooler = await startPgBouncer(url, POOLER_SETTINGS);
  t.after(pooler.dispose);
  return pooler;
}

/** Whoever holds the advisory lock of leadership: at most one. */
async function leaders(sql: Sql): Promise<string[]> {
  const rows = await sql<{ name: string }>(`
    select a.application_name as name from pg_locks l join pg_stat_activity a using (pid)
    where l.locktype = 'advisory' and l.objid = 2 and l.granted`).catch(() => []);
  return rows.map(({ name }) => name);
}

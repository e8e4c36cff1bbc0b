import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { type Env, type ReceiverProcess, receiverFolder } from '../../testkit/receiver-process.ts';
import { type Cluster, startCluster } from '../cluster/support/cluster.ts';
import { createDisturbances } from '../cluster/support/disturbances.ts';
import { machineMs } from '../cluster/support/now.ts';
import { ENTRIES, type Entry, LEDGER_COLUMNS, ORDER_CONFIG } from './config.ts';
import { ADMIN_TOKEN } from './operator.ts';

type Cleanup = Readonly<{ after(clean: () => Promise<void>): void }>;

/** Receivers on one store, and what can happen to them. */
export type Site = Pick<
  Cluster,
  'urls' | 'names' | 'folder' | 'leaseMs' | 'disturbances' | 'kill' | 'revive' | 'freeze' | 'stop'
> &
  Readonly<{
    /** What handlers have entered; once the site has stopped. */
    entries(): Promise<readonly Entry[]>;
  }>;

const LEASE_MS = 4_000;

/** Tries enough for whatever is interrupted, soon after each other. */
const ENV: Env = {
  ADMIN_TOKEN,
  QUEUE_MAXSIZE: '100000',
  WORKER_COUNT: '32',
  MAX_ATTEMPTS: '100',
  RETRY_BASE_DELAY: '0.02',
  RETRY_MAX_DELAY: '0.2',
};

/**
 * Three nodes on PostgreSQL.
 * @param envOf for one of them
 */
export async function startNodes(
  t: Cleanup,
  env: Env = {},
  envOf: (name: string) => Env = () => ({}),
): Promise<Site> {
  const names = ['one', 'two', 'three'];
  const cluster = await startCluster(t, {
    names,
    leaseMs: LEASE_MS,
    env: { ...ENV, ...env },
    envOf,
    config: ORDER_CONFIG,
  });
  await cluster.sql(`create table app_ledger (id bigserial primary key, ${LEDGER_COLUMNS})`);
  return { ...cluster, entries: () => cluster.sql<Entry>(ENTRIES) };
}

const NODE = fileURLToPath(new URL('../cluster/support/node.ts', import.meta.url));

/** One receiver on a SQLite file. */
export async function startAlone(t: Cleanup, env: Env = {}): Promise<Site> {
  const folder = await receiverFolder(t, {
    program: NODE,
    config: ORDER_CONFIG,
    env: { ...ENV, TEST_LEASE_MS: String(LEASE_MS), ...env },
  });
  const disturbances = createDisturbances();
  let alive: ReceiverProcess | null = await folder.start();
  return {
    urls: () => (alive === null ? [] : [alive.url]),
    names: ['alone'],
    folder: folder.path,
    leaseMs: LEASE_MS,
    disturbances,
    async kill() {
      const { pid, crash } = alive!;
      alive = null;
      disturbances.add({ kind: 'kill', pid, fromMs: machineMs(), toMs: Number.POSITIVE_INFINITY });
      await crash();
    },
    async revive() {
      alive = await folder.start();
    },
    freeze() {
      const { pid, kill } = alive!;
      const fromMs = machineMs();
      kill('SIGSTOP');
      return () => {
        kill('SIGCONT');
        disturbances.add({ kind: 'freeze', pid, fromMs, toMs: machineMs() });
      };
    },
    async entries() {
      const db = new DatabaseSync(folder.databasePath, { readOnly: true });
      const rows = db.prepare(ENTRIES).all();
      db.close();
      return rows as unknown as Entry[];
    },
    async stop() {
      const { code, stderr } = await alive!.stop();
      if (code !== 0 || stderr !== '') throw new Error(`the receiver ended with ${code}: ${stderr}`);
    },
  };
}

import { spawnSync } from 'node:child_process';
import { chmodSync, chownSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { freePort, startChild, waitForChild } from '../support/child.ts';
import { findPostgresBin } from '../support/paths.ts';

export type Postgres = Readonly<{ url: string; pid: number; stop(): Promise<void> }>;
export type PostgresSettings = Readonly<Record<string, string>>;

export function postgresMissing(): string | null {
  return findPostgresBin() === null
    ? 'postgres and initdb are neither on the PATH nor in /usr/lib/postgresql'
    : null;
}

/** PostgreSQL refuses to run as root, so root hands it to an account made for such things. */
function unprivilegedUser(): Readonly<{ uid: number; gid: number }> | null {
  if (process.getuid?.() !== 0) return null;
  const accounts = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'));
  const account = ['postgres', 'nobody']
    .map((name) => accounts.find((each) => each[0] === name))
    .find(Boolean);
  if (account === undefined)
    throw new Error('root cannot run PostgreSQL, and there is no postgres or nobody');
  return { uid: Number(account[2]), gid: Number(account[3]) };
}

/**
 * What docs/scale.md and the cluster's compose file set, for a machine that the database shares: fewer checkpoints,
 * since after each one every page that is touched goes into the WAL whole. fsync and synchronous_commit stay on.
 */
export const TUNED: PostgresSettings = {
  shared_buffers: '1GB',
  max_wal_size: '8GB',
  min_wal_size: '1GB',
  checkpoint_timeout: '15min',
  wal_compression: 'lz4',
  // Claims walk over what was done since the last vacuum.
  autovacuum_naptime: '15s',
  max_connections: '200',
};

/** A cluster, fresh unless the directory has one, with PostgreSQL's defaults but for the settings given: fsync and synchronous_commit are on. */
export async function startPostgres(dir: string, settings: PostgresSettings = {}): Promise<Postgres> {
  const bin = findPostgresBin()!;
  const user = unprivilegedUser();
  const data = join(dir, 'postgres');
  mkdirSync(data, { recursive: true, mode: 0o700 });
  if (user !== null) {
    // The way there: a temporary directory is its owner's alone.
    chmodSync(dir, 0o711);
    chownSync(data, user.uid, user.gid);
  }
  const isNew = !existsSync(join(data, 'PG_VERSION'));
  if (isNew) makeCluster(bin, data, user);
  const port = await freePort();
  // No Unix socket: the path of its directory may be longer than a socket's may be.
  const all = { listen_addresses: '127.0.0.1', unix_socket_directories: '', ...settings };
  const options = Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const child = startChild({
    name: 'postgres',
    command: join(bin, 'postgres'),
    args: ['-D', data, '-p', String(port), ...options],
    cwd: '/',
    // SIGINT is its fast shutdown; SIGTERM would wait for clients to leave.
    stopSignal: 'SIGINT',
    ...(user ?? {}),
  });
  await waitForChild(child, 'postgres', async () => child.output().includes('ready to accept connections'));
  const url = `postgres://bench@127.0.0.1:${port}/postgres`;
  if (isNew && settings.min_wal_size !== undefined) await recycleWal(url);
  return {
    url,
    pid: child.pid,
    stop: () => child.stop(),
  };
}

function makeCluster(bin: string, data: string, user: ReturnType<typeof unprivilegedUser>): void {
  const initdb = spawnSync(
    join(bin, 'initdb'),
    ['-D', data, '-U', 'bench', '-A', 'trust', '--no-locale', '-E', 'UTF8'],
    {
      encoding: 'utf8',
      cwd: '/',
      ...(user ?? {}),
    },
  );
  if (initdb.status !== 0) throw new Error(`initdb: ${initdb.error?.message ?? initdb.stderr}`);
}

/** Of 16 MB each: more than a measurement fills, and less than `min_wal_size` keeps. */
const RECYCLED_SEGMENTS = 40;

/**
 * A server that has run for a while writes its WAL over files that it has. A fresh one makes each of them first, writes
 * it full of zeroes and syncs it, while commits wait.
 */
async function recycleWal(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    for (let made = 0; made < RECYCLED_SEGMENTS; made += 1) {
      await client.query(`select pg_logical_emit_message(false, 'bench', '')`);
      await client.query('select pg_switch_wal()');
    }
    await client.query('checkpoint');
  } finally {
    await client.end();
  }
}

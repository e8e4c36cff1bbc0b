import { spawnSync } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { childrenOf } from './children-of.ts';
import { freePort, type ServerProcess, startServer, untilStopped, waitForServer } from './server-process.ts';
import { createTempDir } from './temp-dir.ts';
import { type Account, unprivilegedAccount } from './unprivileged-account.ts';

type Cleanup = Readonly<{ after(clean: () => Promise<void>): void }>;

/** A PostgreSQL of the machine, one of two. */
export type PairMember = Readonly<{
  port: number;
  urlOf(database: string): string;
  run(sql: string, database?: string): Promise<Record<string, unknown>[]>;
  /** Ends it as a power cut does. */
  crash(): Promise<void>;
  /** Stops it with all its processes; what it returns lets it go on. */
  freeze(): Promise<() => void>;
}>;

/** A primary and its standby, which `pg_basebackup` made. */
export type PostgresPair = Readonly<{
  primary: PairMember;
  standby: PairMember;
  /** A database of both: its URL names the primary first. */
  createDatabase(): Promise<string>;
  /** From now on a commit on the primary waits until the standby has it on its disk. */
  makeSynchronous(): Promise<void>;
  /** From now on the primary takes no writes: what an operator does before the standby is promoted. */
  fence(): Promise<void>;
  /** Keeps the standby from getting what is written from now on. */
  holdBack(): Promise<void>;
  /** Resolves when the standby takes writes. */
  promote(): Promise<void>;
}>;

/** Needs the machine's own PostgreSQL: the one of the tests comes without `pg_basebackup`. Ends with the test. */
export async function startPostgresPair(t: Cleanup): Promise<PostgresPair> {
  const folder = await createTempDir();
  const account = unprivilegedAccount();
  chmodSync(folder.path, 0o711);
  const members: ServerProcess[] = [];
  t.after(async () => {
    await Promise.all(members.map((member) => end(member)));
    await folder.remove();
  });
  const program = programs();
  const launch = async (data: string) => {
    const member = await startMember(program('postgres'), data, account);
    members.push(member.process);
    return member;
  };
  const run = (name: string, args: readonly string[]) => runProgram(program(name), args, account);

  const first = ownFolder(folder.path, 'primary', account);
  run('initdb', ['-D', first, '-U', 'test', '-A', 'trust', '-E', 'UTF8', '--no-locale', '--no-sync']);
  const primary = await launch(first);
  const second = ownFolder(folder.path, 'standby', account);
  const from = ['-h', '127.0.0.1', '-p', String(primary.port), '-U', 'test'];
  run('pg_basebackup', [...from, '-D', second, '-R', '-X', 'stream', '-c', 'fast', '--no-sync']);
  const standby = await launch(second);
  return {
    primary,
    standby,
    async createDatabase() {
      await primary.run('create database inbox');
      return `postgres://test@127.0.0.1:${primary.port},127.0.0.1:${standby.port}/inbox`;
    },
    async makeSynchronous() {
      await primary.run(`alter system set synchronous_standby_names = '*'`);
      await primary.run('select pg_reload_conf()');
      await until(async () => {
        const rows = await primary.run(`select from pg_stat_replication where sync_state = 'sync'`);
        return rows.length === 1;
      });
    },
    async fence() {
      await primary.run('alter system set default_transaction_read_only = on');
      await primary.run('select pg_reload_conf()');
    },
    async holdBack() {
      const [row] = await primary.run('select pid from pg_stat_replication');
      process.kill(row!.pid as number, 'SIGSTOP');
      await untilStopped(row!.pid as number);
    },
    async promote() {
      await standby.run('select pg_promote(true, 60)');
    },
  };
}

type Member = PairMember & Readonly<{ process: ServerProcess }>;

async function startMember(program: string, data: string, account: Account | null): Promise<Member> {
  const port = await freePort();
  const settings = { listen_addresses: '127.0.0.1', unix_socket_directories: '', port: String(port) };
  const args = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const server = startServer({ program, args: ['-D', data, ...args], cwd: '/', account });
  const urlOf = (database: string) => `postgres://test@127.0.0.1:${port}/${database}`;
  const run = (sql: string, database = 'postgres') => ask(urlOf(database), sql);
  await waitForServer(server, () => run('select 1'));
  return {
    port,
    urlOf,
    run,
    process: server,
    crash: () => server.stop('SIGQUIT'),
    async freeze() {
      await server.pause();
      const backends = childrenOf(server.pid);
      for (const pid of backends) process.kill(pid, 'SIGSTOP');
      await Promise.all(backends.map(untilStopped));
      return () => {
        for (const pid of backends) process.kill(pid, 'SIGCONT');
        server.resume();
      };
    },
  };
}

/** A server that is stopped takes the signal when it goes on. */
async function end(server: ServerProcess): Promise<void> {
  const gone = server.stop('SIGQUIT');
  server.resume();
  await gone;
}

async function ask(url: string, sql: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => {});
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end().catch(() => {});
  }
}

async function until(isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo())) await new Promise((resolve) => setTimeout(resolve, 50));
}

/** Debian keeps them apart from the PATH, a folder for each version. */
function programs(): (name: string) => string {
  const root = '/usr/lib/postgresql';
  const versions = readdirSync(root).sort((a, b) => Number(b) - Number(a));
  return (name) => join(root, versions[0]!, 'bin', name);
}

function ownFolder(path: string, name: string, account: Account | null): string {
  const folder = join(path, name);
  mkdirSync(folder, { mode: 0o700 });
  if (account !== null) chownSync(folder, account.uid, account.gid);
  return folder;
}

function runProgram(program: string, args: readonly string[], account: Account | null): void {
  const { status, stderr, error } = spawnSync(program, [...args], { encoding: 'utf8', cwd: '/', ...account });
  if (status !== 0) throw new Error(`${program}: ${error?.message ?? stderr}`);
}

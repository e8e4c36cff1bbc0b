import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import { freePort, type ServerProcess, startServer, waitForServer } from './server-process.ts';
import { createTempDir } from './temp-dir.ts';
import { unprivilegedAccount } from './unprivileged-account.ts';

export type PgBouncer = Readonly<{
  /** The same database and account, by way of the pooler. */
  urlOf(directUrl: string): string;
  /** Ends it as a power cut does, with all connections to it and from it. */
  kill(): Promise<void>;
  /** Starts it again on the same port. */
  start(): Promise<void>;
  /** Asks its own database of that name, as `show pools` does. */
  ask(command: string): Promise<readonly Record<string, unknown>[]>;
  /** Ends it and removes its directory. */
  dispose(): Promise<void>;
}>;

/** In pgbouncer.ini; a test adds to them and replaces them. */
const SETTINGS = {
  pool_mode: 'transaction',
  // Clients have to share: a session that is kept by chance would hide what does not pass the pooler.
  default_pool_size: '4',
  max_client_conn: '200',
  // Its own default waits 15 s before it asks again a server that was away.
  server_login_retry: '1',
};

/** Starts a PgBouncer of its own on a free port, before the server that the URL leads to, for all of its databases. */
export async function startPgBouncer(
  serverUrl: string,
  settings: Readonly<Record<string, string>> = {},
): Promise<PgBouncer> {
  const dir = await createTempDir();
  // It refuses to run as root, and has to find its configuration.
  await chmod(dir.path, 0o711);
  const port = await freePort();
  const file = join(dir.path, 'pgbouncer.ini');
  await writeFile(file, configuration(new URL(serverUrl), port, { ...SETTINGS, ...settings }));
  const urlOf = (directUrl: string) => {
    const url = new URL(directUrl);
    url.port = String(port);
    return url.href;
  };
  const adminUrl = `postgres://admin@127.0.0.1:${port}/pgbouncer`;
  const ask = async (command: string) => {
    const client = new pg.Client({ connectionString: adminUrl });
    client.on('error', () => {});
    await client.connect();
    try {
      return (await client.query(command)).rows as Record<string, unknown>[];
    } finally {
      await client.end();
    }
  };
  const spawnOne = async () => {
    const account = unprivilegedAccount();
    const server = startServer({ program: 'pgbouncer', args: [file], cwd: '/', account });
    await waitForServer(server, () => ask('show version'));
    // One that ends by itself fails tests that did nothing wrong: they cannot say why.
    void server.gone.then(() => {
      if (!ending.has(server)) console.error(`PgBouncer ended:\n${server.output()}`);
    });
    return server;
  };
  /** Those that a test ends. */
  const ending = new WeakSet<ServerProcess>();
  const end = (one: ServerProcess) => {
    ending.add(one);
    return one.stop('SIGKILL');
  };
  let server = await spawnOne();
  return {
    urlOf,
    ask,
    kill: () => end(server),
    async start() {
      server = await spawnOne();
    },
    async dispose() {
      await end(server);
      await dir.remove();
    },
  };
}

function configuration(server: URL, port: number, settings: Readonly<Record<string, string>>): string {
  const all = {
    listen_addr: '127.0.0.1',
    listen_port: String(port),
    unix_socket_dir: '',
    auth_type: 'any',
    admin_users: 'admin',
    ...settings,
  };
  const lines = Object.entries(all).map(([name, value]) => `${name} = ${value}`);
  const target = `* = host=${server.hostname} port=${server.port} user=${server.username}`;
  return ['[databases]', target, '[pgbouncer]', ...lines, ''].join('\n');
}

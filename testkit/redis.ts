import { createClient } from '@redis/client';
import { freePort, startServer, waitForServer } from './server-process.ts';
import { createTempDir } from './temp-dir.ts';

export type RedisServer = Readonly<{
  port: number;
  url: string;
  /** Sends one command on a connection of its own. */
  command(...args: string[]): Promise<unknown>;
  /** Ends it as a power cut does; what it held in memory alone is lost. */
  kill(): Promise<void>;
  /** Starts it again on the same port and directory. */
  start(): Promise<void>;
  pause(): Promise<void>;
  resume(): void;
  /** Ends it and removes its directory. */
  dispose(): Promise<void>;
}>;

/**
 * Starts a redis-server of its own on a free port, in a temporary directory, without persistence.
 * @param settings more of its arguments
 */
export async function startRedis(settings: readonly string[] = []): Promise<RedisServer> {
  const dir = await createTempDir();
  const port = await freePort();
  const url = `redis://127.0.0.1:${port}`;
  const spawnOne = () =>
    startServer({
      program: 'redis-server',
      args: ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', ...settings],
      cwd: dir.path,
    });
  const command = async (...args: string[]) => {
    const client = createClient({ url, RESP: 2, socket: { reconnectStrategy: false } });
    client.on('error', () => {});
    await client.connect();
    try {
      return await client.sendCommand(args);
    } finally {
      client.destroy();
    }
  };
  let server = spawnOne();
  await waitForServer(server, () => command('PING'));
  return {
    port,
    url,
    command,
    kill: () => server.stop('SIGKILL'),
    async start() {
      server = spawnOne();
      await waitForServer(server, () => command('PING'));
    },
    pause: () => server.pause(),
    resume: () => server.resume(),
    async dispose() {
      await server.stop('SIGKILL');
      await dir.remove();
    },
  };
}

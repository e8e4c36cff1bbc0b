import { join } from 'node:path';
import { freePort, startChild, waitForPort } from '../support/child.ts';
import { postgresMissing, startPostgres } from './postgres.ts';
import { type Receiver, startReceiver } from './receiver.ts';
import { redisMissing, startRedis } from './redis.ts';

/** Something that answers POSTs of order events. */
export type Running = Readonly<{ url: string; receiver: Receiver | null; stop(): Promise<void> }>;

export type Contender = Readonly<{
  name: string;
  label: string;
  /** Needs what bench/'s own package.json installs. */
  isPeer: boolean;
  /** Why it cannot run here, or null. */
  missing(): string | null;
  /** Starts it afresh, with an empty store in the directory. */
  start(dir: string): Promise<Running>;
}>;

export const present = () => null;

/** Runs one of this folder's servers on a free port. */
export async function startServer(
  file: string,
  dir: string,
  env: Record<string, string> = {},
): Promise<Running> {
  const port = await freePort();
  const child = startChild({
    name: file,
    command: process.execPath,
    args: [join(import.meta.dirname, file)],
    cwd: dir,
    env: { NODE_ENV: 'production', PORT: String(port), ...env },
  });
  await waitForPort(child, file, port);
  return { url: `http://127.0.0.1:${port}/webhooks`, receiver: null, stop: () => child.stop('SIGKILL') };
}

type Stoppable = Readonly<{ stop(): Promise<void> }>;

/** Stops the server first, then what it stood on. */
export function standingOn<Server extends Stoppable>(server: Server, database: Stoppable): Server {
  return {
    ...server,
    stop: async () => {
      await server.stop();
      await database.stop();
    },
  };
}

export const CONTENDERS: readonly Contender[] = [
  {
    name: 'bare',
    label: 'bare node:http, keeps nothing',
    isPeer: false,
    missing: present,
    start: (dir) => startServer('bare.ts', dir),
  },
  {
    name: 'receiver',
    label: 'webhook-receiver',
    isPeer: false,
    missing: present,
    start: async (dir) => {
      const receiver = await startReceiver({ dir, env: { SHUTDOWN_GRACE: '1' } });
      return { url: receiver.url, receiver, stop: () => receiver.stop() };
    },
  },
  {
    name: 'sqlite',
    label: 'one INSERT per request, SQLite',
    isPeer: false,
    missing: present,
    start: (dir) => startServer('sqlite-insert.ts', dir, { DB_PATH: join(dir, 'events.db') }),
  },
  {
    name: 'bullmq',
    label: 'Fastify + BullMQ + Redis (fsync every second)',
    isPeer: true,
    missing: redisMissing,
    start: async (dir) => {
      const redis = await startRedis(dir);
      return standingOn(await startServer('bullmq.ts', dir, { REDIS_PORT: String(redis.port) }), redis);
    },
  },
  {
    name: 'pg-boss',
    label: 'Fastify + pg-boss + PostgreSQL',
    isPeer: true,
    missing: postgresMissing,
    start: async (dir) => {
      const postgres = await startPostgres(dir);
      return standingOn(await startServer('pg-boss.ts', dir, { POSTGRES_URL: postgres.url }), postgres);
    },
  },
];

import { INSTANT, INSTANT_ENV } from '../handlers/configs.ts';
import { type Counts, type Pipeline, pipelineOf } from '../measure/throughput.ts';
import { present, standingOn, startServer } from './contenders.ts';
import { postgresMissing, startPostgres, TUNED } from './postgres.ts';
import { type Receiver, startReceiver } from './receiver.ts';
import { redisMissing, startRedis } from './redis.ts';

export type RunningPipeline = Pipeline & Readonly<{ stop(): Promise<void> }>;

/** A server that takes events and completes them in the same process, by a handler that returns at once. */
export type PipelineContender = Readonly<{
  name: string;
  label: string;
  isPeer: boolean;
  /** Why it cannot run here, or null. */
  missing(): string | null;
  /** Starts it afresh, with an empty store in the directory. */
  start(dir: string): Promise<RunningPipeline>;
}>;

/** Jobs that a peer has at work at once, or fetches at once: as many as the receiver's workers. */
const WORKERS = INSTANT_ENV.WORKER_COUNT;

/** So many nodes on one database. @param env of each, beside the database */
export async function startNodes(
  dir: string,
  count: number,
  env: Readonly<Record<string, string>> = {},
): Promise<RunningPipeline> {
  const postgres = await startPostgres(dir, TUNED);
  const nodes: Receiver[] = [];
  for (let at = 0; at < count; at += 1) nodes.push(await startNode(dir, postgres.url, env));
  return {
    ...pipelineOf(...nodes),
    stop: async () => {
      await Promise.all(nodes.map((node) => node.stop()));
      await postgres.stop();
    },
  };
}

/** One more node of a database. */
export function startNode(
  dir: string,
  url: string,
  env: Readonly<Record<string, string>> = {},
): Promise<Receiver> {
  return startReceiver({
    dir,
    config: INSTANT,
    env: { ...INSTANT_ENV, DATABASE_URL: url, SHUTDOWN_GRACE: '1', ...env },
  });
}

async function startPeer(
  file: string,
  dir: string,
  env: Readonly<Record<string, string>>,
  database: Readonly<{ stop(): Promise<void> }>,
): Promise<RunningPipeline> {
  const server = await startServer(file, dir, { ...env, WORKERS });
  const counts = async () => (await (await fetch(new URL('/counts', server.url))).json()) as Counts;
  return standingOn({ urls: [server.url], counts, stop: server.stop }, database);
}

export const PIPELINES: readonly PipelineContender[] = [
  {
    name: 'receiver-postgres',
    label: 'webhook-receiver on PostgreSQL',
    isPeer: false,
    missing: postgresMissing,
    start: (dir) => startNodes(dir, 1),
  },
  {
    name: 'receiver-postgres-redis',
    label: 'webhook-receiver on PostgreSQL and Redis Streams',
    isPeer: false,
    missing: () => postgresMissing() ?? redisMissing(),
    start: async (dir) => {
      const redis = await startRedis(dir);
      const env = { QUEUE_URL: `redis://127.0.0.1:${redis.port}` };
      return standingOn(await startNodes(dir, 1, env), redis);
    },
  },
  {
    name: 'receiver',
    label: 'webhook-receiver on SQLite',
    isPeer: false,
    missing: present,
    start: async (dir) => {
      const receiver = await startReceiver({ dir, config: INSTANT, env: INSTANT_ENV });
      return { ...pipelineOf(receiver), stop: () => receiver.stop() };
    },
  },
  {
    name: 'bullmq',
    label: 'Fastify + BullMQ + Redis (fsync every second)',
    isPeer: true,
    missing: redisMissing,
    start: async (dir) => {
      const redis = await startRedis(dir);
      return startPeer('bullmq.ts', dir, { REDIS_PORT: String(redis.port) }, redis);
    },
  },
  {
    name: 'pg-boss',
    label: 'Fastify + pg-boss + PostgreSQL',
    isPeer: true,
    missing: postgresMissing,
    start: async (dir) => {
      const postgres = await startPostgres(dir, TUNED);
      return startPeer('pg-boss.ts', dir, { POSTGRES_URL: postgres.url }, postgres);
    },
  },
];

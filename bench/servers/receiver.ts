import { request } from 'node:http';
import { join } from 'node:path';
import { acceptedOf, fetchMetrics, type Metrics } from '../clients/metrics.ts';
import { type Child, freePort, startChild, waitForChild } from '../support/child.ts';
import { REPO_DIR } from '../support/paths.ts';

const PROGRAM = join(REPO_DIR, 'bin', 'webhook-receiver.js');
/** As each way to start the receiver has them. */
const OPTIONS = ['--max-semi-space-size=8'];
const READY_TIMEOUT_MS = 120_000;
const READY_EVERY_MS = 2;

export type Receiver = Readonly<{
  origin: string;
  url: string;
  child: Child;
  /** From spawning the process to the first 200 of /ready. */
  startUpMs: number;
  metrics(): Promise<Metrics>;
  accepted(): Promise<number>;
  stop(signal?: NodeJS.Signals): Promise<void>;
}>;

export type ReceiverOptions = Readonly<{
  /** Working directory and place of the database; it has no webhooks.config of its own. */
  dir: string;
  database?: string;
  /** Configuration module; without one the destination is the simulator. */
  config?: string;
  env?: Readonly<Record<string, string>>;
}>;

function isReady(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const asked = request({ host: '127.0.0.1', port, path: '/ready', agent: false }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    asked.on('error', () => resolve(false));
    asked.end();
  });
}

/** The real program as its own process, as durable as it always is. */
export async function startReceiver(options: ReceiverOptions): Promise<Receiver> {
  const port = await freePort();
  const startedAtMs = performance.now();
  const child = startChild({
    name: 'receiver',
    command: process.execPath,
    args: [...OPTIONS, PROGRAM, 'serve'],
    cwd: options.dir,
    env: {
      DB_PATH: options.database ?? join(options.dir, 'events.db'),
      HOST: '127.0.0.1',
      PORT: String(port),
      LOG_LEVEL: 'WARNING',
      LOG_FORMAT: 'json',
      QUEUE_MAXSIZE: '100000000',
      ...(options.config === undefined ? {} : { CONFIG: options.config }),
      ...options.env,
    },
  });
  await waitForChild(child, 'receiver', () => isReady(port), READY_TIMEOUT_MS, READY_EVERY_MS);
  const origin = `http://127.0.0.1:${port}`;
  const metrics = () => fetchMetrics(origin);
  return {
    origin,
    url: `${origin}/webhooks`,
    child,
    startUpMs: performance.now() - startedAtMs,
    metrics,
    accepted: async () => acceptedOf(await metrics()),
    stop: (signal) => child.stop(signal),
  };
}

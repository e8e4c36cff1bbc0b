import { join } from 'node:path';
import { after } from 'node:test';
import { createReceiver, type ReceiverOptions } from '../src/receiver.ts';
import { createTempDir } from './temp-dir.ts';

/** What `startReceiver` needs of a test's context; a suite has `suiteCleanup()`. */
export type Cleanup = Readonly<{ after(clean: () => Promise<void>): void }>;

export type TestReceiver = Readonly<{
  url: string;
  /** Where it listens for operators: the same without ADMIN_PORT. */
  adminUrl: string;
  port: number;
  dbPath: string;
  /** Stops it before the end of the test; harmless to repeat. */
  stop(): Promise<void>;
}>;

/** Takes everything and is done with it at once. */
const SINK = { sink: { handler: () => {} } };

/**
 * Starts the real receiver on a free port of the loopback, with a database of its own, and stops it when the test is
 * over. Without destinations every event completes at once, and a stop waits for no handler.
 * @param options `env` and what a config file may hold; a `DB_PATH` in `env` is kept, and so is its file
 */
export async function startReceiver(t: Cleanup, options: ReceiverOptions = {}): Promise<TestReceiver> {
  const folder = await createTempDir();
  const dbPath = options.env?.DB_PATH ?? join(folder.path, 'events.db');
  const defaults = { PORT: '0', HOST: '127.0.0.1', LOG_LEVEL: 'FATAL', SHUTDOWN_GRACE: '0' };
  const receiver = createReceiver({
    destinations: SINK,
    cwd: folder.path,
    ...options,
    env: { ...defaults, ...options.env, DB_PATH: dbPath },
  });
  t.after(async () => {
    await receiver.stop();
    await folder.remove();
  });
  const { url, adminUrl } = await receiver.start();
  return { url, adminUrl, port: Number(new URL(url).port), dbPath, stop: () => receiver.stop() };
}

/**
 * To be called in the body of a suite: what its hooks start is cleaned up when the suite is over. Called within a hook,
 * node's own `after` would run at the end of that hook.
 */
export function suiteCleanup(): Cleanup {
  const cleans: (() => Promise<void>)[] = [];
  after(async () => {
    for (const clean of cleans.toReversed()) await clean();
  });
  return { after: (clean) => void cleans.push(clean) };
}

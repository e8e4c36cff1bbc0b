import { hash } from 'node:crypto';
import { join } from 'node:path';
import { type App, startApp } from '../../src/app.ts';
import type { UserConfig } from '../../src/config/define-config.ts';
import { loadConfig } from '../../src/config/load.ts';
import type { OtlpReceiver } from '../../testkit/otlp-receiver.ts';
import type { Cleanup } from '../../testkit/receiver.ts';
import { createTempDir } from '../../testkit/temp-dir.ts';

export const TOKEN = 'a-token-of-an-admin';

export type TracedReceiver = Readonly<{
  app: App;
  url: string;
  post(key: string, headers?: Readonly<Record<string, string>>, path?: string): Promise<Response>;
  /** Accepts an event, and returns its id. */
  accept(key: string, headers?: Readonly<Record<string, string>>, path?: string): Promise<string>;
  admin(method: string, path: string, body?: object): Promise<Response>;
  stop(): Promise<void>;
}>;

/**
 * Starts the receiver as the program does: with an SDK of its own, which exports to the collector. All spans are there
 * after a stop.
 * @param next the configuration that a reload brings
 */
export async function startTraced(
  t: Cleanup,
  collector: Pick<OtlpReceiver, 'url'>,
  userConfig: UserConfig,
  env: Readonly<Record<string, string>> = {},
  next: UserConfig = userConfig,
): Promise<TracedReceiver> {
  const folder = await createTempDir();
  const read = (from: UserConfig) =>
    loadConfig({
      cwd: folder.path,
      userConfig: from,
      env: {
        ...{ PORT: '0', HOST: '127.0.0.1', LOG_LEVEL: 'FATAL', SHUTDOWN_GRACE: '10', ADMIN_TOKEN: TOKEN },
        DB_PATH: join(folder.path, 'events.db'),
        OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
        RETRY_BASE_DELAY: '0',
        ...env,
      },
    });
  const app = await startApp(await read(userConfig), {}, () => read(next));
  t.after(async () => {
    await app.stop();
    await folder.remove();
  });
  const { url } = app;
  const post: TracedReceiver['post'] = (key, headers = {}, path = '/webhooks') =>
    fetch(`${url}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify({ idempotency_key: key, event_type: 'order.created', payload: {} }),
    });
  return {
    ...{ app, url, post },
    async accept(...args) {
      const response = await post(...args);
      if (response.status !== 202) throw new Error(`answered ${response.status}: ${await response.text()}`);
      return ((await response.json()) as { id: string }).id;
    },
    admin: (method, path, body) =>
      fetch(`${url}${path}`, {
        method,
        headers: {
          authorization: `Bearer ${TOKEN}`,
          ...(body !== undefined && { 'content-type': 'application/json' }),
        },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      }),
    stop: () => app.stop(),
  };
}

/** The ids of an event's accept. */
export function idsOf(eventId: string) {
  const digest = hash('sha256', eventId);
  return { traceId: digest.slice(0, 32), spanId: digest.slice(32, 48) };
}

import { createHmac } from 'node:crypto';
import { join } from 'node:path';
import { startApp } from '../../src/app.ts';
import type { UserConfig } from '../../src/config/define-config.ts';
import { loadConfig } from '../../src/config/load.ts';
import type { ReloadOutcome } from '../../src/domain/reload.ts';
import type { Cleanup } from '../../testkit/receiver.ts';
import { createTempDir } from '../../testkit/temp-dir.ts';

export const ADMIN = 'an-admin-of-the-tests';

/** A receiver in this process whose configuration a test replaces as an operator replaces a file. */
export async function startReloadable(
  t: Cleanup,
  first: UserConfig,
  env: Readonly<Record<string, string>> = {},
) {
  const folder = await createTempDir();
  const variables = {
    ...{ PORT: '0', HOST: '127.0.0.1', LOG_LEVEL: 'FATAL', SHUTDOWN_GRACE: '0', ADMIN_TOKEN: ADMIN },
    ...{ DB_PATH: join(folder.path, 'events.db'), RETRY_BASE_DELAY: '0.05' },
    ...env,
  };
  let file = first;
  const read = () => loadConfig({ env: variables, cwd: folder.path, userConfig: file });
  const app = await startApp(await read(), {}, read);
  t.after(async () => {
    await app.stop();
    await folder.remove();
  });
  const admin = (path: string, method = 'GET', token = variables.ADMIN_TOKEN) =>
    fetch(`${app.url}/admin${path}`, { method, headers: { authorization: `Bearer ${token}` } });
  return {
    url: app.url,
    admin,
    metrics: async () => (await fetch(`${app.url}/metrics`)).text(),
    /** Replaces the file, and reloads. */
    reload(next: UserConfig): Promise<ReloadOutcome> {
      file = next;
      return app.reload({ name: 'test', role: 'system', address: null });
    },
    /** Replaces the file, and asks for a reload over HTTP. */
    async askReload(
      next: UserConfig,
      token?: string,
    ): Promise<{ status: number; body: Record<string, unknown> }> {
      file = next;
      const answer = await admin('/reload', 'POST', token);
      return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
    },
  };
}

/** The headers of a request that GitHub would send. */
export function signedHeaders(secret: string, key: string, body: string): Record<string, string> {
  return {
    'content-type': 'application/json',
    'x-github-delivery': key,
    'x-github-event': 'push',
    'x-hub-signature-256': `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`,
  };
}

export function postSigned(
  url: string,
  secret: string,
  key: string,
  body = `{"key":"${key}"}`,
): Promise<Response> {
  const headers = signedHeaders(secret, key, body);
  return fetch(`${url}/webhooks/github`, { method: 'POST', headers, body });
}

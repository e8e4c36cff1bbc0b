import type { ClientBase } from 'pg';
import { StoreError } from '../../domain/errors.ts';

const OLDEST_VERSION = 140_000;

/**
 * Refuses a server that would forget what it acknowledged, or that is too old.
 * @throws StoreError STORE_UNSAFE or STORE_SCHEMA
 */
export async function checkServer(client: ClientBase): Promise<void> {
  const { rows } = await client.query(`
    select current_setting('server_version_num')::integer as version, current_setting('server_version') as version_text,
      current_setting('fsync') as fsync, current_setting('full_page_writes') as full_page_writes,
      current_setting('synchronous_commit') as synchronous_commit`);
  const server = rows[0] as Record<string, string>;
  if (Number(server.version) < OLDEST_VERSION) {
    throw new StoreError(
      'STORE_SCHEMA',
      `PostgreSQL is ${server.version_text}: version 14 or newer is needed`,
    );
  }
  const off = ['fsync', 'full_page_writes', 'synchronous_commit'].filter((name) => server[name] === 'off');
  if (off.length === 0) return;
  throw new StoreError(
    'STORE_UNSAFE',
    `PostgreSQL has ${off.join(' and ')} off, so a crash could lose events that were acknowledged: ` +
      'turn it on, for the server or with ALTER ROLE, or use another server.',
  );
}

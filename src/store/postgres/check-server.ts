import type { ClientBase } from 'pg';
import { StoreError } from '../../domain/errors.ts';
import { ARRIVED, BY_INDEX } from './connect.ts';
import { poolerOnTheWay } from './store-failure.ts';

const OLDEST_VERSION = 140_000;

/**
 * Refuses a server that could lose what it acknowledged, or that is too old.
 * @param isDirect whether no pooler is expected: then a pooler is refused too. Otherwise the role must have the settings
 *   that a session cannot have
 * @throws StoreError STORE_UNSAFE or STORE_SCHEMA
 */
export async function checkServer(client: ClientBase, isDirect: boolean): Promise<void> {
  const { rows } = await client.query(`
    select current_setting('server_version_num')::integer as version, current_setting('server_version') as version_text,
      current_setting('fsync') as fsync, current_setting('full_page_writes') as full_page_writes,
      current_setting('synchronous_commit') as synchronous_commit, current_setting('server_encoding') as encoding, current_setting('${ARRIVED}', true) as arrived`);
  const server = rows[0] as Record<string, string | null>;
  // A pooler that ignores the settings would share the session, and the leader's lock with it, among its clients.
  if (isDirect && server.arrived !== 'on') throw poolerOnTheWay();
  if (Number(server.version) < OLDEST_VERSION) {
    throw new StoreError(
      'STORE_SCHEMA',
      `PostgreSQL is ${server.version_text}: version 14 or newer is needed`,
    );
  }
  refuseForgetful(server);
  refuseEncoding(server.encoding!);
  if (!isDirect) await checkRole(client);
}

function refuseForgetful(server: Readonly<Record<string, string | null>>): void {
  const off = ['fsync', 'full_page_writes', 'synchronous_commit'].filter((name) => server[name] === 'off');
  if (off.length === 0) return;
  throw new StoreError(
    'STORE_UNSAFE',
    `PostgreSQL has ${off.join(' and ')} off, so a crash could lose events that were acknowledged: ` +
      'turn it on, for the server or with ALTER ROLE, or use another server.',
  );
}

/** In another encoding each event with a character that it does not have would be refused, again and again. */
function refuseEncoding(encoding: string): void {
  if (encoding === 'UTF8' || encoding === 'SQL_ASCII') return;
  throw new StoreError(
    'STORE_UNSAFE',
    `the database has the encoding ${encoding}, which cannot hold the text of every event: use one that was created ` +
      "with encoding 'UTF8'.",
  );
}

async function checkRole(client: ClientBase): Promise<void> {
  const { rows } = await client.query(
    'select name, current_user as role from pg_settings where name = any($1) and setting <> $2',
    [Object.keys(BY_INDEX), 'off'],
  );
  if (rows.length === 0) return;
  const statements = rows.map(({ name, role }) => `alter role "${role}" set ${name} = off;`);
  throw new StoreError(
    'STORE_UNSAFE',
    'behind a pooler the role must have the settings without which claims scan whole tables: ' +
      `${statements.join(' ')} Then make the pooler reconnect (PgBouncer: RECONNECT).`,
  );
}

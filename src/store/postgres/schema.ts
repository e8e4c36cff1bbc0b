import type { ClientBase } from 'pg';
import type { ConnectOptions } from './connect.ts';
import {
  grantsTo,
  LOCK_SPACE,
  MIGRATION_LOCK,
  migrationStatements,
  readVersion,
  TABLE_LOCK_TIMEOUT_MS,
} from './migrate.ts';
import { MIGRATIONS } from './migrations/index.ts';
import { prepareServer, withServer } from './prepare.ts';
import { findLackingRights, quoted, relationsOf } from './rights.ts';
import { createServers } from './servers.ts';

/** How the schema of a database stands to this program. */
export type SchemaState = Readonly<{
  /** 0 for an empty database, null when the role may not read it. */
  version: number | null;
  /** The version that this program needs. */
  known: number;
  /** The oldest version whose programs work on the schema. */
  compatibleFrom: number;
  role: string;
  /** The tables and sequences on which the role lacks rights. */
  lacking: readonly string[];
}>;

const UNREADABLE = { version: null, compatibleFrom: 0 };

function wayTo(url: string): ConnectOptions {
  return { servers: createServers(url), applicationName: 'webhook-receiver schema', isDirect: true };
}

/** Reads, and changes nothing. @throws StoreError */
export function checkSchema(url: string): Promise<SchemaState> {
  return withServer(wayTo(url), async (client) => {
    const { rows } = await client.query<{ role: string; can_read: boolean | null }>(
      `select current_user as role, has_table_privilege(to_regclass('inbox_schema'), 'select') as can_read`,
    );
    const found = rows[0]!.can_read === false ? UNREADABLE : await readVersion(client);
    return {
      ...found,
      known: MIGRATIONS.length,
      role: rows[0]!.role,
      lacking: await findLackingRights(client, relationsOf(MIGRATIONS)),
    };
  });
}

/**
 * Brings the schema up to date as a start does, and gives a role the rights of a receiver.
 * @returns the statements that changed something
 * @throws StoreError
 */
export function applySchema(
  url: string,
  grantTo: string | null,
  onMigrationWaits: (waitedMs: number) => void,
): Promise<readonly string[]> {
  return prepareServer(wayTo(url), MIGRATIONS, { onMigrationWaits, grantTo });
}

/** What `applySchema` would do, as a script for an administrator. Changes nothing. @throws StoreError */
export function printSchema(url: string, grantTo: string | null): Promise<string> {
  return withServer(wayTo(url), async (client) => {
    const { version } = await readVersion(client);
    const missing = version < MIGRATIONS.length ? migrationStatements(MIGRATIONS, version) : [];
    const grants = grantTo === null ? [] : await grantsTo(client, MIGRATIONS, grantTo);
    const statements = [...missing, ...grants];
    if (statements.length === 0) return `-- the schema is current at version ${version}\n`;
    return [
      `-- from version ${version} to ${Math.max(version, MIGRATIONS.length)}`,
      ...[...(await preamble(client, version)), ...statements, 'commit'].map((sql) => `${sql};`),
      '',
    ].join('\n\n');
  });
}

/** The same lock, the same short wait for tables, and the same place as when the program does it. */
async function preamble(client: ClientBase, version: number): Promise<readonly string[]> {
  const { rows } = await client.query<{ schema: string | null }>('select current_schema() as schema');
  const { schema } = rows[0]!;
  return [
    'begin isolation level read committed',
    ...(schema === null ? [] : [`set local search_path = ${quoted(schema)}`]),
    `set local lock_timeout = ${TABLE_LOCK_TIMEOUT_MS}`,
    `select pg_advisory_xact_lock(${LOCK_SPACE}, ${MIGRATION_LOCK})`,
    ...(version === 0 ? [] : [sameVersion(version)]),
  ];
}

/** Another one may have come first. */
function sameVersion(version: number): string {
  return `do $$ begin
  if (select max(version) from inbox_schema) <> ${version} then
    raise exception 'the schema is not at version ${version} any more: print it again';
  end if;
end $$`;
}

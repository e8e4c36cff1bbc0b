import type { ClientBase } from 'pg';
import { StoreError } from '../../domain/errors.ts';
import { findLackingRights, grantStatements, relationsOf } from './rights.ts';
import { hasState } from './store-failure.ts';
import { hasImportMark } from './unfinished-import.ts';

export type Migration = Readonly<{
  sql: string;
  /**
   * The oldest version whose programs go on working on this schema. Its own number ends a rolling upgrade: then all
   * nodes have to stop first. A new column with a default or a new table keeps it; a column goes only in the version
   * after the last program that used it.
   */
  compatibleFrom: number;
}>;

/** "whrx": the key space of this program's advisory locks. */
export const LOCK_SPACE = 0x77687278;
export const MIGRATION_LOCK = 1;

const SCHEMA_TABLE = `
  create table if not exists inbox_schema (
    version integer primary key,
    compatible_from integer not null
  )`;

export type MigrateOptions = Readonly<{
  /** Looks, while no other process migrates, whether the work may begin at all. */
  check?: () => Promise<void>;
  /** A role that is given the rights of a receiver; without one, the rights of the session's own role are checked. */
  grantTo?: string | null;
}>;

/**
 * Brings the schema up to date. Any number of nodes may do so at once: one migrates, the others wait and find it done. A
 * schema that is current is only read, so the role needs no right to change it.
 * @returns the statements that changed something
 * @throws StoreError STORE_SCHEMA when the schema is newer than this program can work on, or the role may not change it or
 *   lacks rights on its tables; STORE_BUSY when a lock of a table was not to be had in time
 */
export async function migrate(
  client: ClientBase,
  migrations: readonly Migration[],
  { check = async () => {}, grantTo = null }: MigrateOptions = {},
): Promise<readonly string[]> {
  const known = migrations.length;
  let version: number | null = null;
  try {
    return await alone(client, async () => {
      const found = await readVersion(client);
      version = found.version;
      if (found.version > known) refuseNewer(found.version, found.compatibleFrom, known);
      await check();
      await client.query(`set local lock_timeout = ${TABLE_LOCK_TIMEOUT_MS}`);
      const missing = found.version < known ? migrationStatements(migrations, found.version) : [];
      const grants = grantTo === null ? [] : await grantsTo(client, migrations, grantTo);
      const statements = [...missing, ...grants];
      for (const sql of statements) await client.query(sql);
      if (grantTo === null) await requireRights(client, migrations);
      return statements;
    });
  } catch (error) {
    const isForbidden = FORBIDDEN.some((state) => hasState(error, state));
    throw isForbidden ? await mayNotMigrate(client, version, known, error) : error;
  }
}

/**
 * How long a migration waits for a lock of a table. Every statement of the other nodes queues behind it meanwhile, so it is
 * short, and the whole migration is tried again after a pause.
 */
export const TABLE_LOCK_TIMEOUT_MS = 200;

/** SQLSTATEs of a role that may not create, or not even use, a schema of its search path. */
const FORBIDDEN = ['42501', '3F000'];

async function mayNotMigrate(
  client: ClientBase,
  version: number | null,
  known: number,
  cause: unknown,
): Promise<StoreError> {
  const role = await roleOf(client);
  return new StoreError(
    'STORE_SCHEMA',
    `${needOf(version, known)}, and the role ${role} has no right to it (${(cause as Error).message}): ${applyAdvice(role)}`,
    { cause },
  );
}

function needOf(version: number | null, known: number): string {
  if (version === null) return 'the version of the schema has to be read';
  return version < known
    ? `the schema has version ${version} and has to be brought to version ${known}`
    : 'rights have to be granted';
}

async function requireRights(client: ClientBase, migrations: readonly Migration[]): Promise<void> {
  const lacking = await findLackingRights(client, relationsOf(migrations));
  if (lacking.length === 0) return;
  const role = await roleOf(client);
  throw new StoreError(
    'STORE_SCHEMA',
    `the role ${role} may not read and write ${lacking.join(', ')}: ${applyAdvice(role)}`,
  );
}

/** What to do for a receiver whose role may not change the schema. */
export function applyAdvice(role: string): string {
  return (
    `run \`webhook-receiver schema apply --grant-to ${role}\` with a DATABASE_URL whose role owns the tables and may ` +
    'create more, or let an administrator run what `webhook-receiver schema print` prints.'
  );
}

async function roleOf(client: ClientBase): Promise<string> {
  const { rows } = await client.query<{ role: string }>('select current_user as role');
  return rows[0]!.role;
}

/** The grants to a role on what there is when the migrations are done. */
export async function grantsTo(
  client: ClientBase,
  migrations: readonly Migration[],
  role: string,
): Promise<readonly string[]> {
  const { rows } = await client.query<{ schema: string | null }>('select current_schema() as schema');
  const schema = rows[0]!.schema ?? 'public';
  return grantStatements(relationsOf(migrations), role, schema, await hasImportMark(client));
}

/** Does the work in a transaction, one process at a time; as a whole or not at all. */
export async function alone<T>(client: ClientBase, work: () => Promise<T>): Promise<T> {
  await client.query('begin isolation level read committed');
  try {
    // Ends with the transaction, so it works through a pooler and is never left behind.
    await client.query(`select pg_advisory_xact_lock(${LOCK_SPACE}, ${MIGRATION_LOCK})`);
    const result = await work();
    await client.query('commit');
    return result;
  } catch (error) {
    await client.query('rollback').catch(() => {});
    throw error;
  }
}

/** What takes the schema from a version, 0 for an empty database, to the last one. */
export function migrationStatements(migrations: readonly Migration[], version: number): readonly string[] {
  const steps = migrations
    .slice(version)
    .flatMap(({ sql, compatibleFrom }, index) => [
      sql.trim(),
      `insert into inbox_schema values (${version + index + 1}, ${compatibleFrom})`,
    ]);
  return [SCHEMA_TABLE.trim(), ...steps];
}

export async function readVersion(client: ClientBase): Promise<{ version: number; compatibleFrom: number }> {
  const { rows: found } = await client.query(`select to_regclass('inbox_schema') is not null as is_there`);
  if (found[0].is_there !== true) return { version: 0, compatibleFrom: 0 };
  const { rows } = await client.query(
    'select version, compatible_from from inbox_schema order by version desc limit 1',
  );
  const [row] = rows as { version: number; compatible_from: number }[];
  return { version: row?.version ?? 0, compatibleFrom: row?.compatible_from ?? 0 };
}

/** In a rolling upgrade, a node of the old version may restart when the schema is that of the new version already. */
function refuseNewer(version: number, compatibleFrom: number, known: number): void {
  if (compatibleFrom <= known) return;
  throw new StoreError(
    'STORE_SCHEMA',
    `the database has schema version ${version}, which takes a program that knows version ${compatibleFrom}; ` +
      `this one knows up to ${known}: run a newer program.`,
  );
}

import type { ClientBase } from 'pg';
import { StoreError } from '../../domain/errors.ts';
import { hasState } from './store-failure.ts';

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
const MIGRATION_LOCK = 1;

const SCHEMA_TABLE = `
  create table if not exists inbox_schema (
    version integer primary key,
    compatible_from integer not null
  )`;

/**
 * Brings the schema up to date. Any number of nodes may do so at once: one migrates, the others wait and find it done. A
 * schema that is current is only read, so the role needs no right to change it.
 * @param check looks, while no other process migrates, whether the node may start at all
 * @throws StoreError STORE_SCHEMA when the schema is newer than this program can work on, or the role may not change it;
 *   STORE_BUSY when a lock of a table was not to be had in time
 */
export async function migrate(
  client: ClientBase,
  migrations: readonly Migration[],
  check: () => Promise<void> = async () => {},
): Promise<void> {
  const known = migrations.length;
  await alone(client, async () => {
    const { version, compatibleFrom } = await readVersion(client);
    if (version > known) refuseNewer(version, compatibleFrom, known);
    await check();
    if (version >= known) return;
    try {
      await client.query(`set local lock_timeout = ${TABLE_LOCK_TIMEOUT_MS}`);
      await addMigrations(client, migrations, version);
    } catch (error) {
      throw hasState(error, NO_PRIVILEGE) ? mayNotMigrate(version, known, error) : error;
    }
  });
}

/**
 * How long a migration waits for a lock of a table. Every statement of the other nodes queues behind it meanwhile, so it is
 * short, and the whole migration is tried again after a pause.
 */
const TABLE_LOCK_TIMEOUT_MS = 200;
const NO_PRIVILEGE = '42501';

function mayNotMigrate(version: number, known: number, cause: unknown): StoreError {
  return new StoreError(
    'STORE_SCHEMA',
    `the schema has version ${version}, this program needs version ${known}, and the role of DATABASE_URL may not change ` +
      'it: start this version once with a role that owns the tables and may create more.',
    { cause },
  );
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

/** Takes the schema from a version, 0 for an empty database, to the last one. */
export async function addMigrations(
  client: ClientBase,
  migrations: readonly Migration[],
  version: number,
): Promise<void> {
  await client.query(SCHEMA_TABLE);
  for (const [index, { sql, compatibleFrom }] of migrations.entries()) {
    if (index < version) continue;
    await client.query(sql);
    await client.query('insert into inbox_schema values ($1, $2)', [index + 1, compatibleFrom]);
  }
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

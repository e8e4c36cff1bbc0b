import type { ClientBase } from 'pg';
import { StoreError } from '../../domain/errors.ts';

export type Migration = Readonly<{
  sql: string;
  /**
   * The oldest version whose programs go on working on this schema. Its own number ends a rolling upgrade: then all
   * nodes have to stop first. A new column with a default or a new table keeps it; a column goes only in the version
   * after the last program that used it.
   */
  compatibleFrom: number;
}>;

/** "whrx": of all who might take advisory locks in this database, ours. */
export const LOCK_SPACE = 0x77687278;
const MIGRATION_LOCK = 1;

const SCHEMA_TABLE = `
  create table if not exists inbox_schema (
    version integer primary key,
    compatible_from integer not null
  )`;

/**
 * Brings the schema up to date. Any number of nodes may do so at once: one migrates, the others wait and find it done.
 * @param check looks, while nobody else migrates, whether the node may start at all
 * @throws StoreError STORE_SCHEMA when the schema is newer than this program can work on
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
    await addMigrations(client, migrations, version);
  });
}

/** Does the work in a transaction, one process at a time; as a whole or not at all. */
export async function alone<T>(client: ClientBase, work: () => Promise<T>): Promise<T> {
  await client.query('begin isolation level read committed');
  try {
    // Ends with the transaction, so it works through a pooler and is never left behind.
    await client.query(`select pg_advisory_xact_lock(${LOCK_SPACE}, ${MIGRATION_LOCK})`);
    await client.query(SCHEMA_TABLE);
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
  for (const [index, { sql, compatibleFrom }] of migrations.entries()) {
    if (index < version) continue;
    await client.query(sql);
    await client.query('insert into inbox_schema values ($1, $2)', [index + 1, compatibleFrom]);
  }
}

export async function readVersion(client: ClientBase): Promise<{ version: number; compatibleFrom: number }> {
  const { rows } = await client.query(
    'select version, compatible_from from inbox_schema order by version desc limit 1',
  );
  const [row] = rows as { version: number; compatible_from: number }[];
  return { version: row?.version ?? 0, compatibleFrom: row?.compatible_from ?? 0 };
}

/** In a rolling upgrade a node of before may have to start anew once the schema is that of after. */
function refuseNewer(version: number, compatibleFrom: number, known: number): void {
  if (compatibleFrom <= known) return;
  throw new StoreError(
    'STORE_SCHEMA',
    `the database has schema version ${version}, which takes a program that knows version ${compatibleFrom}; ` +
      `this one knows up to ${known}: run a newer program.`,
  );
}

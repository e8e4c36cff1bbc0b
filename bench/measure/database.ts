import { postgresMissing, startPostgres, TUNED } from '../servers/postgres.ts';
import { type Receiver, startReceiver } from '../servers/receiver.ts';
import type { Table } from '../support/table.ts';
import { createTempDir } from '../support/temp.ts';

/** The database of one round: the environment that leads a receiver to it, and how to stop it. */
export type Database = Readonly<{ env: Readonly<Record<string, string>>; stop(): Promise<void> }>;

/** Opens an empty database with its files in the directory. */
export type OpenDatabase = (dir: string) => Promise<Database>;

/** SQLite: the receiver creates the file itself. */
export const onSqlite: OpenDatabase = async () => ({ env: {}, stop: async () => {} });

/** PostgreSQL: a server for this round alone. */
export const onPostgres: OpenDatabase = async (dir) => {
  const postgres = await startPostgres(dir, TUNED);
  return { env: { DATABASE_URL: postgres.url, SHUTDOWN_GRACE: '1' }, stop: () => postgres.stop() };
};

/** Measures, or returns an empty table that names what is missing. */
export async function unlessPostgresMissing(title: string, measure: () => Promise<Table>): Promise<Table> {
  const missing = postgresMissing();
  if (missing === null) return measure();
  return { title, columns: [], rows: [], notes: [`skipped, ${missing}`] };
}

/** Starts a receiver on an empty database, runs the measurement, and stops both. */
export async function withReceiver<T>(
  openDatabase: OpenDatabase,
  { config, env }: Readonly<{ config: string; env: Readonly<Record<string, string>> }>,
  run: (receiver: Receiver) => Promise<T>,
): Promise<T> {
  const dir = createTempDir('bench');
  const database = await openDatabase(dir.path);
  const receiver = await startReceiver({ dir: dir.path, config, env: { ...env, ...database.env } });
  const result = await run(receiver);
  await receiver.stop();
  await database.stop();
  await dir.remove();
  return result;
}

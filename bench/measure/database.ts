import { postgresMissing, startPostgres, TUNED } from '../servers/postgres.ts';
import { type Receiver, startReceiver } from '../servers/receiver.ts';
import type { Table } from '../support/table.ts';
import { createTempDir } from '../support/temp.ts';

/** What the receivers of a round stand on, such as a database that is empty. */
export type Database = Readonly<{ env: Readonly<Record<string, string>>; stop(): Promise<void> }>;

/** Makes one in a directory of its own. */
export type OpenDatabase = (dir: string) => Promise<Database>;

/** The receiver makes its file by itself. */
export const onSqlite: OpenDatabase = async () => ({ env: {}, stop: async () => {} });

/** A server of its own. */
export const onPostgres: OpenDatabase = async (dir) => {
  const postgres = await startPostgres(dir, TUNED);
  return { env: { DATABASE_URL: postgres.url, SHUTDOWN_GRACE: '1' }, stop: () => postgres.stop() };
};

/** An empty table that says why, where there is no PostgreSQL. */
export async function unlessPostgresMissing(title: string, measure: () => Promise<Table>): Promise<Table> {
  const missing = postgresMissing();
  if (missing === null) return measure();
  return { title, columns: [], rows: [], notes: [`skipped, ${missing}`] };
}

/** Runs with a receiver that was just started, on database of its own. */
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

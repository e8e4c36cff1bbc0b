import { openPostgresStore } from './postgres/open.ts';
import { openSqliteStore } from './sqlite/open.ts';
import type { Store, StoreOptions } from './store.ts';

export { applySchema, checkSchema, printSchema, type SchemaState } from './postgres/schema.ts';

export type OpenStoreOptions = StoreOptions &
  Readonly<{
    /** The SQLite file, unless there is a URL. */
    path: string;
    databaseUrl?: string | null;
    databaseDirectUrl?: string | null;
  }>;

/** Opens the store that the configuration asks for. The only place, tests aside, that knows the drivers. */
export function openStore({
  path,
  databaseUrl = null,
  databaseDirectUrl = null,
  ...options
}: OpenStoreOptions): Promise<Store> {
  if (databaseUrl === null) return openSqliteStore({ ...options, path });
  return openPostgresStore({ ...options, url: databaseUrl, directUrl: databaseDirectUrl });
}

import { leastFreeBytes, readDiskSpace } from './sqlite/disk-guard.ts';
import { openSqliteStore } from './sqlite/open.ts';
import type { DiskRoom, Store, StoreOptions } from './store.ts';

export type { SchemaState } from './postgres/schema.ts';

/** What knows PostgreSQL's schema, loaded where it is asked for. */
export const loadSchema = () => import('./postgres/schema.ts');

export type OpenStoreOptions = StoreOptions &
  Readonly<{
    /** The SQLite file, unless there is a URL. */
    path: string;
    databaseUrl?: string | null;
    databaseDirectUrl?: string | null;
  }>;

/**
 * Opens the store that the configuration asks for, and loads no other driver. The only place, tests aside, that knows the
 * drivers.
 */
export async function openStore({
  path,
  databaseUrl = null,
  databaseDirectUrl = null,
  ...options
}: OpenStoreOptions): Promise<Store> {
  if (databaseUrl === null) return openSqliteStore({ ...options, path });
  const { openPostgresStore } = await import('./postgres/open.ts');
  return openPostgresStore({ ...options, url: databaseUrl, directUrl: databaseDirectUrl });
}

/**
 * How much room the disk of the store has.
 * @returns null if the store is in no file, its disk is not watched, or the file system does not answer
 */
export async function readDiskRoom({
  path,
  databaseUrl = null,
  minFreeDiskBytes = 0,
}: Pick<OpenStoreOptions, 'path' | 'databaseUrl' | 'minFreeDiskBytes'>): Promise<DiskRoom | null> {
  if (databaseUrl !== null || minFreeDiskBytes === 0) return null;
  const space = await readDiskSpace(path).catch(() => null);
  if (space === null) return null;
  return { freeBytes: space.freeBytes, leastBytes: leastFreeBytes(space, minFreeDiskBytes) };
}

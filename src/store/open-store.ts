import { openSqliteStore, type SqliteOptions } from './sqlite/open.ts';
import type { Store } from './store.ts';

/** Opens the store that the configuration asks for. The only place, tests aside, that knows the drivers. */
export function openStore(options: SqliteOptions): Promise<Store> {
  return openSqliteStore(options);
}

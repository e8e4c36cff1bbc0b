import type { Table } from '../../support/table.ts';
import { compareHandlers } from '../complete.ts';
import { onPostgres, unlessPostgresMissing } from '../database.ts';
import type { Setting } from '../setting.ts';

/** The same on PostgreSQL, one node on a server of its own. */
export function measureClusterComplete(setting: Setting): Promise<Table> {
  return unlessPostgresMissing('ctx.complete on PostgreSQL', () =>
    compareHandlers(setting, 'PostgreSQL', onPostgres),
  );
}

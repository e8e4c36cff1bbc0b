import type { Table } from '../../support/table.ts';
import { onPostgres, unlessPostgresMissing } from '../database.ts';
import { compareOrder } from '../order.ts';
import type { Setting } from '../setting.ts';

/** The same on PostgreSQL, one node on a server of its own. */
export function measureClusterOrder(setting: Setting): Promise<Table> {
  return unlessPostgresMissing('Order per key on PostgreSQL', () =>
    compareOrder(setting, 'PostgreSQL', onPostgres),
  );
}

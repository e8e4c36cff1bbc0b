import { postgresMissing, startPostgres, TUNED } from '../../servers/postgres.ts';
import type { Table } from '../../support/table.ts';
import { compareOrder } from '../order.ts';
import type { Setting } from '../setting.ts';

/** The same on PostgreSQL, one node on a server of its own. */
export async function measureClusterOrder(setting: Setting): Promise<Table> {
  const missing = postgresMissing();
  if (missing !== null)
    return { title: 'Order per key on PostgreSQL', columns: [], rows: [], notes: [`skipped, ${missing}`] };
  return compareOrder(setting, 'PostgreSQL', async (dir) => {
    const postgres = await startPostgres(dir, TUNED);
    return { env: { DATABASE_URL: postgres.url, SHUTDOWN_GRACE: '1' }, stop: () => postgres.stop() };
  });
}

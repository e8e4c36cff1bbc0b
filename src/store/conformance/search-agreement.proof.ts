import { join } from 'node:path';
import { describe, it } from 'node:test';
import { startPostgres } from '../../../testkit/postgres.ts';
import { testSeeds } from '../../../testkit/seeded-random.ts';
import { tempDir } from '../../../testkit/temp-dir.ts';
import { openPostgresStore } from '../postgres/open.ts';
import { openSqliteStore } from '../sqlite/open.ts';
import { assertAgrees, EVENTS } from './search.ts';

const PAIRS = 100_000;
const SEEDS = [1, 2, 3, 4];

describe('a hundred thousand pairs of an event and a filter', () => {
  const seeds = testSeeds(SEEDS);
  const filters = Math.ceil(PAIRS / EVENTS / SEEDS.length);

  it('are the same to the evaluator and to SQLite', async (t) => {
    const folder = await tempDir(t);
    for (const seed of seeds) {
      const store = await openSqliteStore({ path: join(folder, `${seed}.db`), maxPendingDeliveries: 1_000 });
      // A store that stays open would keep the process from ending with what went wrong.
      await assertAgrees(store, seed, filters).finally(() => store.close());
    }
  });

  it('are the same to the evaluator and to PostgreSQL', async (t) => {
    const server = await startPostgres();
    t.after(() => server.stop());
    for (const seed of seeds) {
      const store = await openPostgresStore({
        url: await server.createDatabase(),
        maxPendingDeliveries: 1_000,
      });
      await assertAgrees(store, seed, filters).finally(() => store.close());
    }
  });
});

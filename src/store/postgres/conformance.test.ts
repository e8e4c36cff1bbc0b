import { after, before } from 'node:test';
import { startPostgres, type TestPostgres } from '../../../testkit/postgres.ts';
import { openReopenable, storeConformance } from '../conformance/index.ts';
import { openPostgresStore } from './open.ts';

let server: TestPostgres;
before(async () => {
  server = await startPostgres();
});
after(() => server.stop());

storeConformance(
  'postgres',
  async (options) => {
    const url = await server.createDatabase();
    return openReopenable(
      () => openPostgresStore({ ...options, url }),
      () => server.giveBack(url),
    );
  },
  true,
);

import { after, before } from 'node:test';
import { startPostgres, type TestPostgres } from '../../../testkit/postgres.ts';
import { storeConformance } from '../conformance/index.ts';
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
    const open = () => openPostgresStore({ ...options, url });
    let store = await open();
    return {
      store,
      async reopen() {
        await store.close();
        store = await open();
        return store;
      },
      async dispose() {
        await store.close();
        await server.dropDatabase(url);
      },
    };
  },
  true,
);

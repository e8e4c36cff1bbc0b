import { after, before } from 'node:test';
import { runOn, startPostgres, type TestPostgres } from '../../../testkit/postgres.ts';
import { openReopenable, storeConformance } from '../conformance/index.ts';
import { openPostgresStore } from './open.ts';
import { applySchema } from './schema.ts';

const RUNTIME = 'runtime';

let server: TestPostgres;
before(async () => {
  server = await startPostgres();
  await runOn(server.url, `create role ${RUNTIME} login`);
});
after(() => server.stop());

// Whatever the store does, it does with the rights that `schema apply --grant-to` gives.
storeConformance(
  'postgres, by a role with the rights of a receiver alone,',
  async (options) => {
    const url = await server.createDatabase();
    await runOn(url, 'revoke create on schema public from public');
    await applySchema(url, RUNTIME, () => {});
    const own = url.replace('test@', `${RUNTIME}@`);
    return openReopenable(
      () => openPostgresStore({ ...options, url: own }),
      () => server.giveBack(url),
    );
  },
  true,
);

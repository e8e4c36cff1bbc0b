import { after, before } from 'node:test';
import { runOn, startPostgres, type TestPostgres } from '../../../testkit/postgres.ts';
import { openReopenable, storeConformance } from '../conformance/index.ts';
import { openPostgresStore } from './open.ts';
import { applySchema } from './schema.ts';

const RUNTIME = 'runtime';

/** For the tables of a handler, which are the application's. */
const OWN_SCHEMA = `drop schema if exists app cascade; create schema app authorization ${RUNTIME}`;

let server: TestPostgres;
before(async () => {
  server = await startPostgres();
  await runOn(
    server.url,
    `create role ${RUNTIME} login; alter role ${RUNTIME} set search_path = app, public`,
  );
});
after(() => server.stop());

// Whatever the store does, it does with the rights that `schema apply --grant-to` gives.
storeConformance(
  'postgres, by a role with the rights of a receiver alone,',
  async (options) => {
    const url = await server.createDatabase();
    await runOn(url, `revoke create on schema public from public; ${OWN_SCHEMA}`);
    await applySchema(url, RUNTIME, () => {});
    const own = url.replace('test@', `${RUNTIME}@`);
    return openReopenable(
      () => openPostgresStore({ ...options, url: own }),
      () => server.giveBack(url),
    );
  },
  true,
);

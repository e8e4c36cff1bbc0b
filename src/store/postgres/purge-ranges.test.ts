import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import type pg from 'pg';
import { anEvent } from '../../../testkit/builders.ts';
import { FAKE_EPOCH_MS as T0 } from '../../../testkit/fake-clock.ts';
import { startPostgres, type TestPostgres } from '../../../testkit/postgres.ts';
import { connectClient } from './connect.ts';
import { openPostgresStore } from './open.ts';
import { createServers } from './servers.ts';

let server: TestPostgres;
let client: pg.Client;
before(async () => {
  server = await startPostgres();
  client = await connectClient({
    servers: createServers(server.url),
    applicationName: 'test',
    isDirect: true,
  });
});
after(async () => {
  await client.end();
  await server.stop();
});

it('a clean-up leaves the ranges of what it leaves, and no others', async () => {
  const store = await openPostgresStore({ url: server.url, maxPendingDeliveries: 1_000 });
  for (let at = 0; at < 500; at++) {
    const event = anEvent({ receivedAtMs: T0 + at * 10_000, eventType: `t${at % 100}` });
    await store.insertEvent(event, at % 200 === 100 ? ['open'] : []);
  }
  const rangesLeft = async () => {
    const { rows } = await client.query(
      `select (first_ms - ${T0})::integer / 10000 as at from event_ranges order by first_ms`,
    );
    return rows.map(({ at }) => at);
  };
  assert.equal((await rangesLeft()).length, 500);
  const { deleted } = await store.purge(T0 + 450 * 10_000, 10_000, null);
  assert.equal(deleted, 448);
  // Those of events that wait for their deliveries, and those of the last fifty.
  assert.deepEqual(await rangesLeft(), [100, 300, ...Array.from({ length: 50 }, (_, at) => 450 + at)]);
  await store.close();
});

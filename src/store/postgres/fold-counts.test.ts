import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import type pg from 'pg';
import { startPostgres, type TestPostgres } from '../../../testkit/postgres.ts';
import { connectClient } from './connect.ts';
import { PENDING, SHARD, SHARDS, shardsSince } from './counters.ts';
import type { Query } from './database.ts';
import { fold } from './fold-counts.ts';
import { openPostgresStore } from './open.ts';
import { createServers } from './servers.ts';

let server: TestPostgres;
let client: pg.Client;
before(async () => {
  server = await startPostgres();
  await (await openPostgresStore({ url: server.url, maxPendingDeliveries: 1 })).close();
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

const query: Query = async ({ text }) => (await client.query(text)).rows;
const pending = async () => (await client.query(PENDING)).rows[0].pending;
const sums = async (columns: string, table: string) =>
  (await client.query(`select destination, ${columns} from ${table} group by destination order by 1`)).rows;
const shards = async (table: string): Promise<number[]> =>
  (
    await client.query(`select distinct shard from ${table} where shard >= ${SHARDS} order by shard`)
  ).rows.map(({ shard }) => shard);

it('what past terms have counted is added to the rows of none, and the sums stay what they are', async () => {
  const present = (await client.query(`select ${SHARD} as shard`)).rows[0].shard;
  const past = (await client.query(`select ${shardsSince(6)} as shard`)).rows[0].shard;
  await client.query(`insert into totals (shard, events, pending) values
    (7, 1, 1), (${past}, 10, 10), (${past} + 3, 100, 100), (${present}, 1000, 1000)`);
  await client.query(`insert into delivery_counts (destination, shard, pending, processing, completed, failed) values
    ('a', 7, 1, 1, 1, 1), ('a', ${past}, 10, -10, 10, 10), ('b', ${past}, 20, 0, 0, 0), ('a', ${present}, 1, 1, 1, 1)`);
  await client.query(`insert into order_counts (destination, shard, waiting, blocked) values
    ('b', ${past}, 3, 1), ('b', ${past} + 1, -2, 0), ('b', ${present}, 5, 5)`);
  const all = async () => [
    await sums('sum(pending), sum(processing), sum(completed), sum(failed)', 'delivery_counts'),
    await sums('sum(waiting), sum(blocked)', 'order_counts'),
    (await client.query('select sum(events), sum(pending) from totals')).rows,
    await pending(),
  ];
  const before = await all();
  assert.equal(before.at(-1), 1111);

  await fold(query);
  assert.deepEqual(await all(), before);
  for (const table of ['totals', 'delivery_counts', 'order_counts'])
    assert.deepEqual(await shards(table), [present], table);
  await fold(query);
  assert.deepEqual(await all(), before, 'folded once');
});

it('what ended nodes have counted is folded when the next one opens', async () => {
  const longPast = (await client.query(`select ${shardsSince(500)} as shard`)).rows[0].shard;
  await client.query(`insert into totals (shard, pending) values (${longPast}, 10000)`);
  await (await openPostgresStore({ url: server.url, maxPendingDeliveries: 1 })).close();
  assert.equal(await pending(), 11_111);
});

import assert from 'node:assert/strict';
import { it } from 'node:test';
import pg from 'pg';
import { eventually } from '../../../testkit/eventually.ts';
import { startPostgresPair } from '../../../testkit/postgres-pair.ts';
import { createOldestSnapshot } from './oldest-snapshot.ts';

it('what a transaction on a standby holds by its feedback, and then by its slot, is reported', async (t) => {
  const { primary, standby } = await startPostgresPair(t);
  const connect = async (url: string) => {
    const client = new pg.Client({ connectionString: url });
    client.on('error', () => {});
    await client.connect();
    t.after(() => client.end().catch(() => {}));
    return client;
  };
  const [client, reader] = [
    await connect(primary.urlOf('postgres')),
    await connect(standby.urlOf('postgres')),
  ];
  let nowMs = 0;
  const read = createOldestSnapshot(() => nowMs);
  const work = () => client.query('select pg_current_xact_id()');
  await work();
  assert.equal(await read(client), 0);

  await standby.run('alter system set hot_standby_feedback = on');
  await standby.run(`alter system set wal_receiver_status_interval = '1s'`);
  await standby.run('select pg_reload_conf()');
  await reader.query('begin isolation level repeatable read');
  await reader.query('select 1');
  await work();
  const holding = (view: string, column: string) =>
    eventually(`${view} shows what is held`, async () => {
      const { rows } = await client.query(`select from ${view} where age(${column}) > 0`);
      return rows.length > 0;
    });
  await holding('pg_stat_replication', 'backend_xmin');
  nowMs = 90_000;
  assert.equal(await read(client), 90_000);

  await client.query(`select pg_create_physical_replication_slot('held')`);
  await standby.run(`alter system set primary_slot_name = 'held'`);
  await standby.run('select pg_reload_conf()');
  await holding('pg_replication_slots', 'xmin');
  nowMs = 120_000;
  assert.equal(await read(client), 120_000);

  await reader.query('rollback');
  await work();
  await eventually('the standby holds nothing any more', async () => (await read(client)) === 0);
});

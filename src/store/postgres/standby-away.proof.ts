import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';
import { anEvent } from '../../../testkit/builders.ts';
import { eventually } from '../../../testkit/eventually.ts';
import { startPostgres, type TestPostgres } from '../../../testkit/postgres.ts';
import { openPostgresStore } from './open.ts';

/** Time without the standby: long enough for several probes, each of which takes six seconds. */
const AWAY_MS = 30_000;
/** Two inserts may be under way when the standby goes, and one probe later. */
const MOST_WAITING = 3;

let server: TestPostgres;
before(async () => {
  server = await startPostgres();
});
after(() => server.stop());

describe('a synchronous standby that is away', () => {
  it('costs the server no more connections the longer it is away, and events are taken again when it is back', async (t) => {
    const url = await server.createDatabase();
    const admin = new pg.Client({ connectionString: server.url });
    await admin.connect();
    const store = await openPostgresStore({ url, maxPendingDeliveries: 1_000 });
    t.after(async () => {
      await store.close();
      await admin.end();
    });
    const setStandby = async (name: string) => {
      await admin.query(`alter system set synchronous_standby_names = '${name}'`);
      await admin.query('select pg_reload_conf()');
    };
    const waiting = async () => {
      const { rows } = await admin.query(`select 1 from pg_stat_activity where wait_event = 'SyncRep'`);
      return rows.length;
    };
    const insert = () =>
      store.insertEvent(anEvent(), []).then(
        ({ kind }) => kind,
        (error) => error.code as string,
      );
    assert.equal(await insert(), 'inserted');

    await setStandby('gone');
    // The server reads its settings in its own time: until a commit waits, inserts may be committed as before.
    const before: Promise<string>[] = [];
    await eventually('a commit waits for the standby', async () => {
      before.push(insert());
      return (await waiting()) > 0;
    });
    const asked: Promise<string>[] = [];
    let most = 0;
    for (const untilMs = performance.now() + AWAY_MS; performance.now() < untilMs; await pause(200)) {
      asked.push(insert());
      most = Math.max(most, await waiting());
    }
    assert.ok(most > 0, 'no commit waited for the standby');
    assert.ok(most <= MOST_WAITING, `${most} backends waited at once`);
    assert.deepEqual([...new Set(await Promise.all(asked))], ['STORE_UNAVAILABLE']);
    await Promise.all(before);

    await setStandby('');
    await eventually('events are taken again', async () => (await insert()) === 'inserted');
    await eventually('no backend waits', async () => (await waiting()) === 0);
  });
});

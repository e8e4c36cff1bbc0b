import assert from 'node:assert/strict';
import { after, before, describe, it, type TestContext } from 'node:test';
import pg from 'pg';
import { anEvent } from '../../../testkit/builders.ts';
import { startPostgres, type TestPostgres } from '../../../testkit/postgres.ts';
import type { PostgresTransaction, Transaction } from '../../domain/transaction.ts';
import { finishOf } from '../conformance/complete-support.ts';
import { insertFor, leaseNext, T0 } from '../conformance/harness.ts';
import { openPostgresStore } from './open.ts';

let server: TestPostgres;
before(async () => {
  server = await startPostgres();
});
after(() => server.stop());

async function setUp(t: TestContext) {
  const url = await server.createDatabase();
  const store = await openPostgresStore({ url, maxPendingDeliveries: 1_000 });
  const outside = new pg.Client({ connectionString: url });
  outside.on('error', () => {});
  await outside.connect();
  await outside.query('create table app (id bigint primary key)');
  t.after(async () => {
    await store.close();
    await outside.end();
    await server.giveBack(url);
  });
  /** Completes a delivery of its own by the work. */
  const complete = async (work: (tx: PostgresTransaction) => unknown, signal?: AbortSignal) => {
    await insertFor(store, ['billing']);
    const leased = await leaseNext(store, 'billing');
    return store.completeWithin(leased.lease, (tx) => work(postgres(tx)), finishOf(leased), signal);
  };
  const ids = async () =>
    (await outside.query('select id from app order by id')).rows.map(({ id }) => Number(id));
  return { store, outside, complete, ids };
}

function postgres(tx: Transaction): PostgresTransaction {
  assert.equal(tx.kind, 'postgres');
  return tx as PostgresTransaction;
}

const MISUSE = { name: 'TransactionError', code: 'HANDLER_TRANSACTION' };

describe('a handler in its transaction on PostgreSQL', () => {
  it('gets rows with the types that the client has for everybody', async (t) => {
    const { complete } = await setUp(t);
    await complete(async (tx) => {
      const { rows, rowCount } = await tx.query<{ big: string }>('select $1::bigint as big', [
        '9007199254740993',
      ]);
      assert.deepEqual([rows[0]?.big, rowCount], ['9007199254740993', 1]);
    });
  });

  for (const sql of [
    'commit',
    ' /* so */ COMMIT',
    '-- a\nrollback',
    'begin',
    'abort',
    'end',
    'start transaction',
  ]) {
    it(`may not: ${JSON.stringify(sql)}`, async (t) => {
      const { complete, ids } = await setUp(t);
      const misusing = complete(async (tx) => {
        await tx.query('insert into app values (1)');
        await tx.query(sql);
      });
      await assert.rejects(misusing, MISUSE);
      assert.deepEqual(await ids(), []);
    });
  }

  for (const sql of ['select 1; commit', 'select 1; commit; begin', 'select 1; rollback; begin']) {
    it(`is told when it hides the end of the transaction: ${sql}`, async (t) => {
      const { complete, store } = await setUp(t);
      await assert.rejects(
        complete((tx) => tx.query(sql)),
        MISUSE,
      );
      const { counts } = await store.stats();
      assert.equal(counts.find(({ status }) => status === 'completed')?.count ?? 0, 0);
    });
  }

  it('may use savepoints, and hide the tables of the inbox', async (t) => {
    const { complete, ids } = await setUp(t);
    const outcome = await complete(async (tx) => {
      await tx.query('insert into app values (1)');
      await tx.query('savepoint mine');
      await assert.rejects(tx.query('insert into app values (1)'), { code: '23505' });
      await tx.query('rollback to mine');
      await tx.query('insert into app values (2)');
      await tx.query('set local search_path = pg_catalog');
    });
    assert.equal(outcome, 'completed');
    assert.deepEqual(await ids(), [1, 2]);
  });

  it('may take on another role, which neither its completion nor the next handler has', async (t) => {
    const { complete, outside } = await setUp(t);
    await outside.query('create role app_writer');
    for (const sql of [
      'set local role app_writer',
      'set role app_writer',
      'set session authorization app_writer',
    ]) {
      assert.equal(await complete((tx) => tx.query(sql)), 'completed');
      await complete(async (tx) => {
        const { rows } = await tx.query('select current_user::text as name');
        assert.deepEqual(rows, [{ name: 'test' }], sql);
      });
    }
  });

  for (const sql of ['deallocate all', 'DEALLOCATE PREPARE ALL', 'select 1; deallocate all']) {
    it(`is told that it may not, and the next one is not hit by it: ${sql}`, async (t) => {
      const { complete } = await setUp(t);
      await complete((tx) => tx.query('select 1'));
      await assert.rejects(
        complete((tx) => tx.query(sql)),
        { ...MISUSE, message: /leave out "deallocate all"/ },
      );
      assert.equal(await complete((tx) => tx.query('select 1')), 'completed');
    });
  }

  it('does not hit the next one when it drops statements and then fails', async (t) => {
    const { complete } = await setUp(t);
    await complete((tx) => tx.query('select 1'));
    const failing = complete(async (tx) => {
      await tx.query('deallocate all').catch(() => {});
      throw new Error('of its own');
    });
    await assert.rejects(failing, /of its own/);
    assert.equal(await complete((tx) => tx.query('select 1')), 'completed');
  });

  for (const ending of ['', ' on commit drop']) {
    it(`may have a temporary table of a name of the inbox, until it ends${ending}`, async (t) => {
      const { complete, outside } = await setUp(t);
      const sql = `create temp table deliveries${ending} as select * from public.deliveries`;
      assert.equal(await complete((tx) => tx.query(sql)), 'completed');
      assert.equal(await complete((tx) => tx.query('insert into app values (1)')), 'completed');
      const { rows } = await outside.query('select status from deliveries');
      assert.deepEqual(rows, [{ status: 'completed' }, { status: 'completed' }]);
    });
  }

  it('cannot complete after a statement that failed, though it was caught', async (t) => {
    const { complete, ids } = await setUp(t);
    const failing = complete(async (tx) => {
      await tx.query('insert into app values (1)');
      await tx.query('insert into app values (1)').catch(() => {});
    });
    await assert.rejects(failing, (error: Error) => /duplicate key/.test((error.cause as Error).message));
    assert.deepEqual(await ids(), []);
  });

  it('has its statements awaited though it does not await them', async (t) => {
    const { complete, ids } = await setUp(t);
    assert.equal(await complete((tx) => void tx.query('insert into app values (1)')), 'completed');
    assert.deepEqual(await ids(), [1]);
  });

  it('gets the error of a constraint that is checked with the commit', async (t) => {
    const { complete, outside, ids } = await setUp(t);
    await outside.query('create table part (app bigint references app deferrable initially deferred)');
    await assert.rejects(
      complete((tx) => tx.query('insert into part values (7)')),
      { code: '23503' },
    );
    assert.deepEqual(await ids(), []);
  });

  it('keeps no heartbeat waiting, however long it takes', async (t) => {
    const { store, ids } = await setUp(t);
    await insertFor(store, ['billing']);
    const leased = await leaseNext(store, 'billing');
    const work = async (tx: Transaction) => {
      await postgres(tx).query('insert into app values (1)');
      assert.equal(await store.extend(leased.lease, T0 + 999_999), 'extended');
    };
    assert.equal(await store.completeWithin(leased.lease, work, finishOf(leased)), 'completed');
    assert.deepEqual(await ids(), [1]);
  });

  it('learns that its lease is lost meanwhile, and has written nothing', async (t) => {
    const { store, ids } = await setUp(t);
    await insertFor(store, ['billing']);
    const leased = await leaseNext(store, 'billing');
    const work = async (tx: Transaction) => {
      await postgres(tx).query('insert into app values (1)');
      await store.settle(leased.lease, { kind: 'released', dueAtMs: T0 }, null, T0);
    };
    assert.equal(await store.completeWithin(leased.lease, work, finishOf(leased)), 'lost');
    assert.deepEqual(await ids(), []);
  });

  it('takes no connection from accepts, however many of them wait', async (t) => {
    const { complete, store, ids } = await setUp(t);
    const gate = Promise.withResolvers<void>();
    let begun = 0;
    const completing = Array.from({ length: 25 }, (_, id) =>
      complete(async (tx) => {
        begun += 1;
        await gate.promise;
        await tx.query('insert into app values ($1)', [id]);
      }),
    );
    while (begun < 10) await store.ping();
    await Promise.all(Array.from({ length: 50 }, () => store.insertEvent(anEvent(), ['other'])));
    assert.equal(begun, 10, 'the others wait in line');
    gate.resolve();
    assert.deepEqual(new Set(await Promise.all(completing)), new Set(['completed']));
    assert.equal((await ids()).length, 25);
  });

  it('is rolled back when its connection breaks', async (t) => {
    const { complete, outside, ids } = await setUp(t);
    const breaking = complete(async (tx) => {
      await tx.query('insert into app values (1)');
      const { rows } = await tx.query<{ pid: number }>('select pg_backend_pid() as pid');
      await outside.query('select pg_terminate_backend($1, 5000)', [rows[0]!.pid]);
    });
    await assert.rejects(breaking, { name: 'StoreError', code: 'STORE_UNAVAILABLE' });
    assert.deepEqual(await ids(), []);
  });

  it('is rolled back at once when it is aborted, whatever statement is under way', async (t) => {
    const { complete, ids, store } = await setUp(t);
    const controller = new AbortController();
    const reason = new Error('the time is up');
    const aborted = complete(async (tx) => {
      await tx.query('insert into app values (1)');
      const sleeping = tx.query('select pg_sleep(30)');
      controller.abort(reason);
      await sleeping;
    }, controller.signal);
    await assert.rejects(aborted, (thrown) => thrown === reason);
    assert.deepEqual(await ids(), []);
    await store.ping();
  });
});

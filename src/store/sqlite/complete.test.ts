import assert from 'node:assert/strict';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, it, type TestContext } from 'node:test';
import { createTempDir } from '../../../testkit/temp-dir.ts';
import type { SqliteTransaction, Transaction } from '../../domain/transaction.ts';
import { finishOf } from '../conformance/complete-support.ts';
import { claimOf, insertFor, leaseNext } from '../conformance/harness.ts';
import { openSqliteStore } from './open.ts';

async function setUp(t: TestContext, maxPages?: number) {
  const folder = await createTempDir();
  const path = join(folder.path, 'events.db');
  const store = await openSqliteStore({ path, maxPendingDeliveries: 1_000, ...(maxPages && { maxPages }) });
  t.after(async () => {
    await store.close();
    await folder.remove();
  });
  const claimNext = async () => {
    await insertFor(store, ['billing']);
    return leaseNext(store, 'billing');
  };
  /** Completes a delivery of its own by the work. */
  const complete = async (work: (tx: SqliteTransaction) => unknown) => {
    const leased = await claimNext();
    return store.completeWithin(leased.lease, (tx) => work(sqlite(tx)), finishOf(leased));
  };
  return { store, path, complete, claimNext };
}

function sqlite(tx: Transaction): SqliteTransaction {
  assert.equal(tx.kind, 'sqlite');
  return tx as SqliteTransaction;
}

const MISUSE = { name: 'TransactionError', code: 'HANDLER_TRANSACTION' };

describe('a handler in its transaction on SQLite', () => {
  it('makes and changes tables of its own, and reads the inbox', async (t) => {
    const { complete } = await setUp(t);
    await complete((tx) => {
      tx.run('create table app_orders (id integer primary key, note text unique)');
      tx.run('create index app_orders_by_note on app_orders (note)');
      tx.run('alter table app_orders add column total integer');
    });
    await complete((tx) => {
      const { changes, lastInsertRowid } = tx.run(
        'insert into app_orders (note, total) values (?, ?)',
        'a',
        7,
      );
      assert.deepEqual([changes, lastInsertRowid], [1, 1]);
      assert.deepEqual({ ...tx.get<object>('select * from app_orders') }, { id: 1, note: 'a', total: 7 });
      assert.equal(tx.get('select 1 from app_orders where id = 9'), undefined);
      assert.equal(tx.all<{ source: string }>('select source from events').at(0)?.source, 'default');
    });
  });

  for (const sql of [
    `update deliveries set status = 'completed'`,
    'delete from Events',
    `insert into totals values ('mine', 1)`,
    'drop table attempts',
    'alter table deliveries add column mine',
    'drop index deliveries_due',
    'create index mine on deliveries (updated_at)',
    'create trigger mine after update on deliveries begin select 1; end',
    'create temp trigger mine after update on deliveries begin select 1; end',
    'create temp table deliveries as select * from main.deliveries',
    'create temp view deliveries as select * from main.deliveries',
    'commit',
    'rollback',
    'begin',
    'savepoint mine',
    'release one',
    'rollback to one',
    `attach ':memory:' as other`,
    'pragma synchronous = off',
    'analyze',
    'insert or rollback into app values (1)',
    'insert into app values (1); insert into app values (2)',
  ]) {
    it(`may not: ${sql}`, async (t) => {
      const { complete, store } = await setUp(t);
      await complete((tx) => tx.run('create table app (id integer primary key)'));
      await assert.rejects(
        complete((tx) => tx.run(sql)),
        MISUSE,
      );
      const { counts } = await store.stats();
      assert.equal(counts.find(({ status }) => status === 'completed')?.count, 1);
      assert.equal(await complete((tx) => tx.run('insert into app values (3)')), 'completed');
    });
  }

  it('may have a table with autoincrement, and is told why it cannot drop it', async (t) => {
    const { complete } = await setUp(t);
    await complete((tx) => tx.run('create table app (id integer primary key autoincrement, note text)'));
    await complete((tx) => tx.run(`insert into app (note) values ('a')`));
    await assert.rejects(
      complete((tx) => tx.run('drop table app')),
      { ...MISUSE, message: /cannot drop a table with autoincrement: empty the table/ },
    );
    await complete((tx) => tx.run('delete from app'));
  });

  it('may not change the inbox by a trigger on its own table', async (t) => {
    const { complete } = await setUp(t);
    await complete((tx) => {
      tx.run('create table app (id integer primary key)');
      tx.run(`create trigger app_sly after insert on app begin update deliveries set status = 'failed'; end`);
    });
    await assert.rejects(
      complete((tx) => tx.run('insert into app values (1)')),
      MISUSE,
    );
  });

  it('may be async, but not wait: then nothing is written, and the inbox goes on', async (t) => {
    const { complete, store } = await setUp(t);
    await complete((tx) => tx.run('create table app (id integer primary key)'));
    const late = Promise.withResolvers<void>();
    const written = complete(async (tx) => {
      await null;
      tx.run('insert into app values (1)');
    });
    assert.equal(await written, 'completed');
    const waiting = complete(async (tx) => {
      tx.run('insert into app values (2)');
      await late.promise;
      tx.run('insert into app values (3)');
    });
    await assert.rejects(waiting, MISUSE);
    late.resolve();
    await insertFor(store, ['billing']);
    await complete((tx) => assert.equal(tx.all('select id from app').length, 1));
  });

  it('keeps a statement that failed and was caught from its neighbours, and from itself', async (t) => {
    const { complete } = await setUp(t);
    await complete((tx) => tx.run('create table app (id integer primary key)'));
    await complete((tx) => {
      tx.run('insert into app values (1)');
      assert.throws(() => tx.run('insert into app values (1)'), /UNIQUE/);
      tx.run('insert into app values (2)');
    });
    await complete((tx) => assert.equal(tx.all('select id from app').length, 2));
  });

  it('waits for another program that holds the lock, without stopping the event loop', async (t) => {
    const { complete, claimNext, path, store } = await setUp(t);
    await complete((tx) => tx.run('create table app (id integer primary key)'));
    const leased = await claimNext();
    const shell = new DatabaseSync(path);
    shell.exec('begin immediate');
    let turns = 0;
    const counting = setInterval(() => {
      turns += 1;
      if (turns === 20) shell.exec('commit');
    }, 1);
    const work = (tx: Transaction) => sqlite(tx).run('insert into app values (1)');
    assert.equal(await store.completeWithin(leased.lease, work, finishOf(leased)), 'completed');
    clearInterval(counting);
    shell.close();
    assert.ok(turns >= 20);
  });

  it('is told when the disk is full, and what is completed is what is written', async (t) => {
    const { complete, store } = await setUp(t, 80);
    await complete((tx) => tx.run('create table app (note text)'));
    await Promise.all(Array.from({ length: 4 }, () => insertFor(store, ['billing'])));
    const { leased } = await store.claim(claimOf(['billing']));
    const outcomes = await Promise.allSettled(
      leased.map((each, at) =>
        store.completeWithin(
          each.lease,
          (tx) => sqlite(tx).run('insert into app values (?)', 'x'.repeat(at === 2 ? 1_000_000 : 1)),
          finishOf(each),
        ),
      ),
    );
    const failed = outcomes.filter((outcome) => outcome.status === 'rejected');
    for (const { reason } of failed) assert.equal(reason.code, 'STORE_FULL');
    assert.equal(outcomes[2]!.status, 'rejected');
    await complete((tx) => assert.equal(tx.all('select note from app').length, 4 - failed.length));
  });
});

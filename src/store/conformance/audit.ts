import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { anAudit, anEvent } from '../../../testkit/builders.ts';
import { deliveryIdOf } from '../../domain/delivery.ts';
import { type AuditRow, CHAIN_START, hashAudit, toAuditEntry } from '../audit-chain.ts';
import { createAuditVerifier } from '../audit-verify.ts';
import type { Store } from '../store.ts';
import { insertFor, openFor, type StoreFactory, T0, work } from './harness.ts';

/** The whole audit, after a look at its links. */
async function readChain(store: Store): Promise<readonly AuditRow[]> {
  const rows = await store.readAudit(0, 1_000);
  let head: Pick<AuditRow, 'seq' | 'hash'> = CHAIN_START;
  for (const row of rows) {
    assert.equal(row.seq, head.seq + 1);
    assert.deepEqual(Buffer.from(row.hash), Buffer.from(hashAudit(head.hash, row)));
    head = row;
  }
  return rows;
}

const ALL = { actor: null, action: null, target: null, sinceMs: null, untilMs: null };

/** Who did what. */
export function auditConformance(factory: StoreFactory, isDurable: boolean): void {
  describe('audit', () => {
    test('rows come back as they were written, in a chain', async (t) => {
      const { store } = await openFor(t, factory);
      assert.deepEqual(await store.readAudit(0, 10), []);
      const entries = [
        anAudit({ before: { rate: '10/s', until: null }, after: { rate: '"5/s" \\', held: true, n: 0.5 } }),
        anAudit({ actor: { name: 'ünï', role: 'admin', address: null }, target: '', atMs: T0 - 1 }),
        anAudit({ actor: { name: 'system', role: 'system', address: '::1' }, after: {} }),
      ];
      for (const entry of entries) await store.appendAudit(entry);
      assert.deepEqual((await readChain(store)).map(toAuditEntry), entries);
      assert.deepEqual(
        (await store.readAudit(1, 1)).map(({ seq }) => seq),
        [2],
      );
    });

    test('rows that are written at once are in one chain', async (t) => {
      const { store } = await openFor(t, factory);
      const targets = Array.from({ length: 40 }, (_, at) => `target ${at}`);
      await Promise.all(targets.map((target) => store.appendAudit(anAudit({ target }))));
      const rows = await readChain(store);
      assert.deepEqual(rows.map(({ target }) => target).toSorted(), targets.toSorted());
    });

    test('a list is of what fits, newest first, page by page', async (t) => {
      const { store } = await openFor(t, factory);
      for (let at = 0; at < 10; at++) {
        const actor = { name: at % 2 === 0 ? 'ann' : 'bob', role: 'operator', address: null } as const;
        const action = at < 5 ? 'delivery.replay' : 'cleanup.confirm';
        await store.appendAudit(anAudit({ atMs: T0 + at, actor, action, target: `${at % 3}` }));
      }
      const list = async (filter: Partial<Parameters<Store['listAudit']>[0]>) =>
        (await store.listAudit({ ...ALL, ...filter }, 100, null)).rows.map(({ seq }) => seq);
      assert.deepEqual(await list({}), [10, 9, 8, 7, 6, 5, 4, 3, 2, 1]);
      assert.deepEqual(await list({ actor: 'bob' }), [10, 8, 6, 4, 2]);
      assert.deepEqual(await list({ action: 'delivery.replay' }), [5, 4, 3, 2, 1]);
      assert.deepEqual(await list({ target: '0' }), [10, 7, 4, 1]);
      assert.deepEqual(await list({ sinceMs: T0 + 3, untilMs: T0 + 5 }), [5, 4]);
      assert.deepEqual(await list({ actor: 'bob', target: '0', sinceMs: T0 + 4 }), [10]);
      const first = await store.listAudit({ ...ALL, actor: 'bob' }, 2, null);
      assert.deepEqual([first.rows.map(({ seq }) => seq), first.next], [[10, 8], 8]);
      const second = await store.listAudit({ ...ALL, actor: 'bob' }, 3, first.next);
      assert.deepEqual([second.rows.map(({ seq }) => seq), second.next], [[6, 4, 2], null]);
    });

    test('the rows about some targets come together, the newest of each', async (t) => {
      const { store } = await openFor(t, factory);
      for (const target of ['a', 'b', 'a', 'c', 'a', 'b']) await store.appendAudit(anAudit({ target }));
      const of = async (targets: string[], limit: number) =>
        (await store.auditOf(targets, limit)).map(({ seq }) => seq);
      assert.deepEqual(await of(['a', 'b'], 10), [1, 2, 3, 5, 6]);
      assert.deepEqual(await of(['b', 'a'], 2), [2, 3, 5, 6]);
      assert.deepEqual(await of(['d'], 2), []);
      assert.deepEqual(await of([], 2), []);
    });

    test('an action writes its row if it changes something, and only then', async (t) => {
      const { store } = await openFor(t, factory);
      const { deliveries } = await insertFor(store, ['billing']);
      const id = deliveries[0]!.id;
      const audit = anAudit({ target: id });
      assert.equal((await store.replay(id, T0, {}, audit)).kind, 'open');
      assert.equal(await store.dropRejected(id, audit), 'unknown');
      assert.equal(await store.dropSourceState('a', 'b', audit), 'unknown');
      assert.equal((await store.releaseKey('billing', 'k', audit)).kind, 'not_blocked');
      assert.deepEqual(await readChain(store), []);
      await work(store, 'billing', { kind: 'failed', error: 'no' });
      const outcome = await store.replay(id, T0, {}, audit);
      const replayId = outcome.kind === 'replayed' ? outcome.delivery.id : '';
      await store.confirmCleanups(T0, anAudit({ action: 'cleanup.confirm' }));
      await store.keepSourceState('a', 'b', 'secret', T0);
      await store.dropSourceState('a', 'b', anAudit({ action: 'source_state.drop' }));
      const rows = (await readChain(store)).map(toAuditEntry);
      assert.deepEqual(
        rows.map(({ action }) => action),
        ['delivery.replay', 'cleanup.confirm', 'source_state.drop'],
      );
      assert.deepEqual(rows[0], { ...audit, after: { destination: 'billing', replay_id: replayId } });
    });

    test('a release names the failed delivery, and never the key', async (t) => {
      const { store } = await openFor(t, factory);
      const event = anEvent();
      await store.insertEvent(event, [{ destination: 'ledger', orderKey: 'customer 17' }]);
      await work(store, 'ledger', { kind: 'failed', error: 'no', blocksKey: true });
      await store.releaseKey('ledger', 'customer 17', anAudit({ action: 'order_key.release' }));
      const [row] = await readChain(store);
      assert.equal(row!.target, deliveryIdOf(event.id, 1));
      assert.doesNotMatch(JSON.stringify(row), /customer 17/);
    });

    if (!isDurable) return;
    test('the chain goes on in a store that is opened again', async (t) => {
      const opened = await openFor(t, factory);
      await opened.store.appendAudit(anAudit());
      const again = await opened.reopen!();
      await again.appendAudit(anAudit());
      assert.equal((await readChain(again)).length, 2);
    });
  });
}

/** What is left of the audit after its retention, and what clean-ups report to it. */
export function auditRetentionConformance(factory: StoreFactory): void {
  describe('retention of the audit', () => {
    test('deletes the old rows before the first young one, and leaves an anchor', async (t) => {
      const { store } = await openFor(t, factory);
      for (const atMs of [T0, T0 + 1, T0 + 9, T0 + 2, T0 + 9]) await store.appendAudit(anAudit({ atMs }));
      const before = await store.readAudit(0, 10);
      const anchor = anAudit({
        action: 'audit.retention',
        target: 'audit',
        atMs: T0 + 20,
        after: { before: 'x' },
      });
      assert.equal(await store.purgeAudit(T0 + 5, 10, anchor), 2);
      const rows = await store.readAudit(0, 10);
      assert.deepEqual(
        rows.map(({ seq, through }) => [seq, through]),
        [
          [3, null],
          [4, null],
          [5, null],
          [6, 2],
        ],
      );
      const hash = Buffer.from(before[1]!.hash).toString('hex');
      assert.deepEqual(toAuditEntry(rows.at(-1)!).after, { before: 'x', count: 2, first: 1, last: 2, hash });
      assert.deepEqual(verdictOf(rows).flaws, []);
      assert.equal(await store.purgeAudit(T0 + 5, 10, anchor), 0);
      assert.equal((await store.readAudit(0, 10)).length, 4);
    });

    test('deletes no more than it is asked for, and in the end only its anchor is left', async (t) => {
      const { store } = await openFor(t, factory);
      for (let count = 0; count < 5; count++) await store.appendAudit(anAudit());
      const purge = (atMs: number) => store.purgeAudit(atMs, 3, anAudit({ action: 'audit.retention', atMs }));
      assert.equal(await purge(T0 + 1), 3);
      assert.equal(await purge(T0 + 1), 2);
      assert.equal(await purge(T0 + 1), 0);
      assert.equal(await purge(T0 + 2), 2);
      const rows = await store.readAudit(0, 10);
      assert.deepEqual(
        rows.map(({ seq, through }) => [seq, through]),
        [[8, 7]],
      );
      assert.deepEqual(verdictOf(rows).flaws, []);
    });

    test('the configuration of the last start is kept beside its row', async (t) => {
      const { store } = await openFor(t, factory);
      assert.deepEqual([...(await store.readConfiguration())], []);
      await store.keepConfiguration(
        new Map([
          ['', 'key'],
          ['b', '1'],
          ['a', '2'],
        ]),
        anAudit(),
      );
      await store.keepConfiguration(
        new Map([
          ['', 'key'],
          ['b', '3'],
        ]),
        anAudit(),
      );
      await store.keepConfiguration(null, anAudit());
      assert.deepEqual(
        new Map(await store.readConfiguration()),
        new Map([
          ['', 'key'],
          ['b', '3'],
        ]),
      );
      assert.equal((await readChain(store)).length, 3);
    });

    test('what clean-ups deleted is reported once, with its count and range', async (t) => {
      const { store } = await openFor(t, factory);
      const events = [];
      for (let at = 0; at < 5; at++)
        events.push((await insertFor(store, [], { receivedAtMs: T0 + at })).event);
      const entry = anAudit({ action: 'cleanup.delete', target: 'events', after: { before: 'x' } });
      await store.reportCleanup('events', entry);
      await store.purge(T0 + 2, 10, null);
      await store.purge(T0 + 4, 10, null);
      await store.reportCleanup('events', entry);
      await store.reportCleanup('events', entry);
      await store.purge(T0 + 9, 10, null);
      await store.reportCleanup('events', entry);
      const ids = events.map(({ id }) => id);
      assert.deepEqual(
        (await readChain(store)).map((row) => toAuditEntry(row).after),
        [
          { before: 'x', count: 4, first_id: ids[0], last_id: ids[3] },
          { before: 'x', count: 1, first_id: ids[4], last_id: ids[4] },
        ],
      );
    });
  });
}

function verdictOf(rows: readonly AuditRow[]) {
  const verifier = createAuditVerifier(null);
  for (const row of rows) verifier.see(row);
  return verifier.end();
}

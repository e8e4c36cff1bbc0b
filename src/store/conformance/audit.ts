import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { anAudit, anEvent } from '../../../testkit/builders.ts';
import { deliveryIdOf } from '../../domain/delivery.ts';
import { type AuditRow, CHAIN_START, hashAudit, toAuditEntry } from '../audit-chain.ts';
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

    test('an action writes its row if it changes something, and only then', async (t) => {
      const { store } = await openFor(t, factory);
      const { deliveries } = await insertFor(store, ['billing']);
      const id = deliveries[0]!.id;
      const audit = anAudit({ target: id });
      assert.equal((await store.replay(id, T0, audit)).kind, 'open');
      assert.equal(await store.dropRejected(id, audit), 'unknown');
      assert.equal(await store.dropSourceState('a', 'b', audit), 'unknown');
      assert.equal((await store.releaseKey('billing', 'k', audit)).kind, 'not_blocked');
      assert.deepEqual(await readChain(store), []);
      await work(store, 'billing', { kind: 'failed', error: 'no' });
      const outcome = await store.replay(id, T0, audit);
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

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { anAudit } from '../../../testkit/builders.ts';
import { openFor, type StoreFactory, T0 } from './harness.ts';

/** What handshakes left behind. */
export function sourceStateConformance(factory: StoreFactory, isDurable: boolean): void {
  describe('source state', () => {
    test('a source has nothing at first', async (t) => {
      const { store } = await openFor(t, factory);
      assert.deepEqual(await store.readSourceState('asana'), []);
      assert.equal(await store.dropSourceState('asana', 'secret', anAudit()), 'unknown');
    });

    test('a value is written once: the first stays', async (t) => {
      const { store } = await openFor(t, factory);
      assert.equal(await store.keepSourceState('asana', 'secret', 'first', T0), 'kept');
      assert.equal(await store.keepSourceState('asana', 'secret', 'second', T0 + 1), 'present');
      assert.equal(await store.keepSourceState('asana', 'secret', 'first', T0 + 2), 'present');
      assert.deepEqual(await store.readSourceState('asana'), [
        { name: 'secret', value: 'first', updatedAtMs: T0 },
      ]);
    });

    test('of several who write at once, the first does', async (t) => {
      const { store } = await openFor(t, factory);
      const values = ['a', 'b', 'c'];
      const outcomes = await Promise.all(
        values.map((value, at) => store.keepSourceState('asana', 'secret', value, T0 + at)),
      );
      assert.deepEqual(outcomes, ['kept', 'present', 'present']);
      assert.deepEqual(await store.readSourceState('asana'), [
        { name: 'secret', value: 'a', updatedAtMs: T0 },
      ]);
    });

    test('a replacement writes whether there was a value or not', async (t) => {
      const { store } = await openFor(t, factory);
      await store.replaceSourceState('asana', 'secret', 'first', T0);
      await store.replaceSourceState('asana', 'secret', 'second', T0 + 1);
      assert.deepEqual(await store.readSourceState('asana'), [
        { name: 'secret', value: 'second', updatedAtMs: T0 + 1 },
      ]);
      assert.equal(await store.keepSourceState('asana', 'secret', 'third', T0 + 2), 'present');
    });

    test('a replacement and its row of the audit are one', async (t) => {
      const { store } = await openFor(t, factory);
      const audit = anAudit({ action: 'alert.ack', target: 'held~crm~1' });
      await store.replaceSourceState('_alerts', 'acks', 'first', T0);
      assert.deepEqual(await store.readAudit(0, 10), []);
      await store.replaceSourceState('_alerts', 'acks', 'second', T0 + 1, audit);
      const [row, ...others] = await store.readAudit(0, 10);
      assert.deepEqual([row!.action, row!.target, others.length], ['alert.ack', 'held~crm~1', 0]);
      assert.equal((await store.readSourceState('_alerts'))[0]!.value, 'second');
    });

    test('a value that was dropped may be written again', async (t) => {
      const { store } = await openFor(t, factory);
      const outcomes = await Promise.all([
        store.keepSourceState('asana', 'secret', 'first', T0),
        store.dropSourceState('asana', 'secret', anAudit()),
        store.dropSourceState('asana', 'secret', anAudit()),
        store.keepSourceState('asana', 'secret', 'second', T0 + 1),
      ]);
      assert.deepEqual(outcomes, ['kept', 'dropped', 'unknown', 'kept']);
      assert.deepEqual(await store.readSourceState('asana'), [
        { name: 'secret', value: 'second', updatedAtMs: T0 + 1 },
      ]);
    });

    test('sources and names are apart, and read by name', async (t) => {
      const { store } = await openFor(t, factory);
      for (const name of ['b', 'a', 'B', "it's \u{1f511}", 'c']) {
        await store.keepSourceState('notion', name, `of ${name}`, T0);
      }
      await store.keepSourceState('asana', 'b', '', T0);
      await store.dropSourceState('notion', 'c', anAudit());
      assert.deepEqual(
        (await store.readSourceState('notion')).map(({ name, value }) => [name, value]),
        ['B', 'a', 'b', "it's \u{1f511}"].map((name) => [name, `of ${name}`]),
      );
      assert.deepEqual(await store.readSourceState('asana'), [{ name: 'b', value: '', updatedAtMs: T0 }]);
      assert.deepEqual(await store.readSourceState('Asana'), []);
    });

    if (isDurable) {
      test('values survive a reopen', async (t) => {
        const { store, reopen } = await openFor(t, factory);
        await store.keepSourceState('asana', 'secret', 'first', T0);
        const reopened = await reopen!();
        assert.equal(await reopened.keepSourceState('asana', 'secret', 'second', T0), 'present');
        assert.equal((await reopened.readSourceState('asana'))[0]?.value, 'first');
      });
    }
  });
}

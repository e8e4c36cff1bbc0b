import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { anAudit } from '../../../testkit/builders.ts';
import { openFor, type StoreFactory, T0 } from './harness.ts';

/** When clean-ups ran. */
export function cleanupsConformance(factory: StoreFactory, isDurable: boolean): void {
  describe('cleanups', () => {
    test('no clean-up has run at first', async (t) => {
      const { store } = await openFor(t, factory);
      assert.deepEqual(await store.readCleanup('events'), { ranAtMs: null, confirmedAtMs: null });
    });

    test('the last run of a kind is kept, also one by an earlier clock', async (t) => {
      const { store } = await openFor(t, factory);
      await store.keepCleanup('events', T0 + 1_000);
      await store.keepCleanup('events', T0);
      assert.deepEqual(await store.readCleanup('events'), { ranAtMs: T0, confirmedAtMs: null });
      assert.deepEqual(await store.readCleanup('rejected'), { ranAtMs: null, confirmedAtMs: null });
    });

    test('a confirmation is of every kind, and stays when clean-ups run', async (t) => {
      const { store } = await openFor(t, factory);
      await store.keepCleanup('events', T0);
      await store.confirmCleanups(T0 + 10, anAudit());
      for (const kind of ['events', 'rejected'] as const) {
        assert.deepEqual(await store.readCleanup(kind), { ranAtMs: T0 + 10, confirmedAtMs: T0 + 10 });
      }
      await store.keepCleanup('events', T0 + 20);
      assert.deepEqual(await store.readCleanup('events'), { ranAtMs: T0 + 20, confirmedAtMs: T0 + 10 });
    });

    if (!isDurable) return;
    test('the times outlive the store', async (t) => {
      const opened = await openFor(t, factory);
      await opened.store.keepCleanup('rejected', T0);
      await opened.store.close();
      const again = await opened.reopen!();
      t.after(() => again.close());
      assert.deepEqual(await again.readCleanup('rejected'), { ranAtMs: T0, confirmedAtMs: null });
    });
  });
}

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { MINUTE_MS } from '../../domain/minute.ts';
import { openFor, type StoreFactory } from './harness.ts';

const FIRST = 30_000_000 * MINUTE_MS;
const counts = (minute: number, accepted: number, rejected = 0, failed = 0) => ({
  ...{ minuteMs: FIRST + minute * MINUTE_MS, accepted, rejected, failed },
});

/** What was counted by minute. */
export function minutesConformance(factory: StoreFactory, isDurable: boolean): void {
  describe('counts by minute', () => {
    test('are the sums of all flushes of all nodes, oldest first', async (t) => {
      const { store } = await openFor(t, factory);
      assert.deepEqual(await store.readMinutes(0), []);
      await store.addMinutes('a', [counts(2, 5, 1), counts(1, 1)], FIRST);
      await store.addMinutes('b', [counts(2, 7, 0, 3)], FIRST);
      await store.addMinutes('a', [counts(2, 1), counts(3, 9)], FIRST);
      await store.addMinutes('a', [], FIRST);
      assert.deepEqual(await store.readMinutes(FIRST), [counts(1, 1), counts(2, 13, 1, 3), counts(3, 9)]);
      assert.deepEqual(await store.readMinutes(FIRST + 3 * MINUTE_MS), [counts(3, 9)]);
    });

    test('are deleted when they are old', async (t) => {
      const { store } = await openFor(t, factory);
      await store.addMinutes('a', [counts(1, 1), counts(2, 2)], FIRST);
      await store.addMinutes('b', [counts(3, 3)], FIRST + 2 * MINUTE_MS);
      assert.deepEqual(await store.readMinutes(0), [counts(2, 2), counts(3, 3)]);
      await store.addMinutes('b', [], FIRST + 9 * MINUTE_MS);
      assert.deepEqual(await store.readMinutes(0), []);
    });

    if (isDurable) {
      test('outlive the store', async (t) => {
        const { store, reopen } = await openFor(t, factory);
        await store.addMinutes('a', [counts(1, 4)], FIRST);
        assert.deepEqual(await (await reopen!()).readMinutes(0), [counts(1, 4)]);
      });
    }
  });
}

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { anEvent } from '../../../testkit/builders.ts';
import { openFor, type StoreFactory, T0 } from './harness.ts';

/** How often an event came again. */
export function duplicatesConformance(factory: StoreFactory, isDurable: boolean): void {
  describe('duplicates', () => {
    test('add up: the count, the latest time, and whether any of them differed', async (t) => {
      const { store } = await openFor(t, factory);
      const [one, two] = [anEvent(), anEvent()];
      for (const event of [one, two]) await store.insertEvent(event, []);
      assert.equal(await store.duplicatesOf(one.id), null);
      const note = (eventId: string, count: number, lastAtMs: number, differed: boolean) => ({
        ...{ eventId, count, lastAtMs, differed },
      });
      await store.noteDuplicates([note(one.id, 2, T0 + 9, true), note(two.id, 1, T0, false)]);
      await store.noteDuplicates([note(one.id, 3, T0 + 5, false)]);
      await store.noteDuplicates([note(two.id, 1, T0 + 1, false)]);
      assert.deepEqual(await store.duplicatesOf(one.id), { count: 5, lastAtMs: T0 + 9, differed: true });
      assert.deepEqual(await store.duplicatesOf(two.id), { count: 2, lastAtMs: T0 + 1, differed: false });
    });

    test('of an event that is not stored are ignored, and go with their event', async (t) => {
      const { store } = await openFor(t, factory);
      const event = anEvent();
      const note = { eventId: event.id, count: 1, lastAtMs: T0, differed: false };
      await store.noteDuplicates([]);
      await store.noteDuplicates([note]);
      assert.equal(await store.duplicatesOf(event.id), null);
      await store.insertEvent(event, []);
      await store.noteDuplicates([{ ...note, eventId: anEvent().id }, note]);
      assert.equal((await store.duplicatesOf(event.id))?.count, 1);
      assert.equal((await store.purge(T0 + 1, 10, null)).deleted, 1);
      assert.equal(await store.duplicatesOf(event.id), null);
      await store.insertEvent(event, []);
      assert.equal(await store.duplicatesOf(event.id), null);
    });

    if (isDurable) {
      test('survive a reopen', async (t) => {
        const { store, reopen } = await openFor(t, factory);
        const event = anEvent();
        await store.insertEvent(event, []);
        const noted = { count: 4, lastAtMs: T0 + 1, differed: true };
        await store.noteDuplicates([{ eventId: event.id, ...noted }]);
        assert.deepEqual(await (await reopen!()).duplicatesOf(event.id), noted);
      });
    }
  });
}

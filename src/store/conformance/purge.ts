import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { anAudit, anEvent } from '../../../testkit/builders.ts';
import type { Store } from '../store.ts';
import { type Inserted, insertFor, leaseNext, openFor, type StoreFactory, T0, work } from './harness.ts';
import { plainStats, snapshotOf } from './snapshot.ts';

const DAY_MS = 24 * 3_600_000;

/** What retention deletes, and what it must not. */
export function purgeConformance(factory: StoreFactory): void {
  describe('purge', () => {
    test('an event goes with its deliveries, tries and key', async (t) => {
      const { store } = await openFor(t, factory);
      const { event, deliveries } = await insertFor(store, ['a', 'b']);
      await work(store, 'a', { kind: 'completed' });
      await work(store, 'b', { kind: 'failed', error: 'no' });

      assert.equal(await purgeAll(store, T0 + 1), 1);

      const [gone] = (await snapshotOf(store, [event])).events;
      assert.deepEqual(gone, { view: null, viewByKey: null, event: null, deliveries: [] });
      for (const { id } of deliveries) assert.deepEqual(await store.attemptsOf(id), []);
      assert.deepEqual((await store.listDeadLetters(10, null)).deliveries, []);
      assert.deepEqual(plainStats(await store.stats()), {
        counts: [],
        held: [],
        order: [],
        events: 0,
        oldestPendingAtMs: null,
      });
      assert.deepEqual(await store.replay(deliveries[0]!.id, T0, {}, anAudit()), { kind: 'unknown' });
    });

    test('the key of a purged event is new again', async (t) => {
      const { store } = await openFor(t, factory);
      const { event } = await insertFor(store, []);
      await purgeAll(store, T0 + 1);
      const again = anEvent({ idempotencyKey: event.idempotencyKey });
      assert.deepEqual(await store.insertEvent(again, []), { kind: 'inserted' });
    });

    test('only what was received before the limit goes', async (t) => {
      const { store } = await openFor(t, factory);
      const before = await insertFor(store, [], { receivedAtMs: T0 - 1 });
      const at = await insertFor(store, [], { receivedAtMs: T0 });
      const after = await insertFor(store, [], { receivedAtMs: T0 + DAY_MS });
      assert.equal(await purgeAll(store, T0), 1);
      assert.deepEqual(await survivorsOf(store, [before, at, after]), [at, after]);
    });

    test('an event with an open delivery stays whole, however old, until that one ends', async (t) => {
      const { store } = await openFor(t, factory);
      const done = await insertFor(store, ['a']);
      await work(store, 'a', { kind: 'completed' });
      const waiting = await insertFor(store, ['b', 'c']);
      await work(store, 'c', { kind: 'failed', error: 'no' });
      const atWork = await insertFor(store, ['d']);
      await leaseNext(store, 'd');
      const open = [waiting, atWork].map(({ event }) => event);
      const before = (await snapshotOf(store, open)).events;

      assert.equal(await purgeAll(store, T0 + DAY_MS), 1);
      assert.deepEqual(await survivorsOf(store, [done, waiting, atWork]), [waiting, atWork]);
      assert.deepEqual((await snapshotOf(store, open)).events, before);

      await work(store, 'b', { kind: 'completed' });
      assert.equal(await purgeAll(store, T0 + DAY_MS), 1);
      assert.deepEqual(await survivorsOf(store, [waiting, atWork]), [atWork]);
    });

    test('a replay that is open keeps its event', async (t) => {
      const { store } = await openFor(t, factory);
      const one = await insertFor(store, ['a']);
      await work(store, 'a', { kind: 'failed', error: 'no' });
      await store.replay(one.deliveries[0]!.id, T0, {}, anAudit());
      assert.equal(await purgeAll(store, T0 + DAY_MS), 0);
      await work(store, 'a', { kind: 'completed' });
      assert.equal(await purgeAll(store, T0 + DAY_MS), 1);
    });

    test('a batch deletes the oldest, no more than its limit', async (t) => {
      const { store } = await openFor(t, factory);
      const all: Inserted[] = [];
      for (const ageMs of [5, 4, 3, 2, 1]) all.push(await insertFor(store, [], { receivedAtMs: T0 - ageMs }));
      const { deleted, cursor } = await store.purge(T0, 2, null);
      assert.equal(deleted, 2);
      assert.notEqual(cursor, null);
      assert.deepEqual(await survivorsOf(store, all), all.slice(2));
      assert.equal((await store.stats()).events, 3);
    });

    test('batches get past a crowd of open events and come to an end', async (t) => {
      const { store } = await openFor(t, factory);
      const open: Inserted[] = [];
      for (let i = 0; i < 7; i++) open.push(await insertFor(store, ['a'], { receivedAtMs: T0 + i }));
      const done: Inserted[] = [];
      for (let i = 0; i < 5; i++) done.push(await insertFor(store, [], { receivedAtMs: T0 + 10 + i }));
      assert.equal(await purgeAll(store, T0 + DAY_MS, 2), 5);
      assert.deepEqual(await survivorsOf(store, [...open, ...done]), open);
    });

    test('an empty store, and one with nothing old, have nothing to purge', async (t) => {
      const { store } = await openFor(t, factory);
      assert.deepEqual(await store.purge(T0, 10, null), { deleted: 0, cursor: null });
      await insertFor(store, []);
      assert.deepEqual(await store.purge(T0, 10, null), { deleted: 0, cursor: null });
    });
  });
}

/** Purges batch by batch to the end, as cleanup does. */
async function purgeAll(store: Store, beforeMs: number, limit = 3): Promise<number> {
  let deleted = 0;
  let cursor: string | null = null;
  for (let batches = 0; batches < 100; batches++) {
    const outcome = await store.purge(beforeMs, limit, cursor);
    assert.ok(outcome.deleted <= limit, `${outcome.deleted} deleted, the limit is ${limit}`);
    deleted += outcome.deleted;
    cursor = outcome.cursor;
    if (cursor === null) return deleted;
  }
  return assert.fail('the purge does not come to an end');
}

async function survivorsOf(store: Store, all: readonly Inserted[]): Promise<Inserted[]> {
  const views = await Promise.all(all.map(({ event }) => store.eventById(event.id)));
  return all.filter((_, at) => views[at] !== null);
}

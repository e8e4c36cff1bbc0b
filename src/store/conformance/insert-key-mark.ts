import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { anEvent } from '../../../testkit/builders.ts';
import type { WebhookEvent } from '../../domain/event.ts';
import type { InsertOutcome, ReplayMark, Store } from '../store.ts';
import { openFor, type StoreFactory, T0, work } from './harness.ts';

const WINDOW_MS = 60_000;
const NEVER_KNOWN = Number.MAX_SAFE_INTEGER;

/** Keys that are marks: the same key is the same event only within a window, and every event has a key of its own. */
export function insertKeyMarkConformance(factory: StoreFactory, isDurable: boolean): void {
  describe('insert: a key that is a mark', () => {
    test('is known up to the edge of its window, and not a millisecond longer', async (t) => {
      const { store } = await openFor(t, factory);
      const first = marked('m', T0);
      assert.deepEqual(await insert(store, first), { kind: 'inserted' });
      const again = await insert(store, marked('m', T0 + WINDOW_MS));
      const event = await store.eventById(first.id);
      assert.deepEqual(again, { kind: 'duplicate', event, conflict: false, by: 'key' });
      const behind = await insert(store, marked('m', T0 + WINDOW_MS + 1));
      assert.deepEqual(behind, { kind: 'inserted', idempotencyKey: 'm~2' });
    });

    test('gives each later event the next key, and is found by the newest', async (t) => {
      const { store } = await openFor(t, factory);
      const events = Array.from({ length: 12 }, (_, at) => marked('m', T0 + at * 2 * WINDOW_MS));
      for (const [at, event] of events.entries()) {
        assert.equal((await store.eventByKey('orders', 'm'))?.id, events[at - 1]?.id);
        assert.equal(keyOf(await insert(store, event)), at === 0 ? undefined : `m~${at + 1}`);
        assert.equal((await store.eventByKey('orders', 'm'))?.id, event.id);
      }
      assert.equal((await store.eventByKey('orders', 'm~11'))?.id, events[10]!.id);
      assert.equal((await store.readEvent(events[10]!.id))?.idempotencyKey, 'm~11');
      const late = await insert(store, marked('m', events[11]!.receivedAtMs + 1));
      assert.equal(duplicateOf(late), events[11]!.id);
    });

    test('with a window that is over at once suppresses nothing', async (t) => {
      const { store } = await openFor(t, factory);
      const outcomes = [];
      for (let i = 0; i < 3; i++)
        outcomes.push(await store.insertEvent(marked('m', T0), ['a'], null, NEVER_KNOWN));
      assert.deepEqual(outcomes.map(keyOf), [undefined, 'm~2', 'm~3']);
      assert.equal((await store.stats()).events, 3);
    });

    test('is one of its source, and no id is taken for it', async (t) => {
      const { store } = await openFor(t, factory);
      await insert(store, marked('m', T0));
      assert.equal(kindOf(await insert(store, marked('m', T0, 'billing'))), 'inserted');
      // An id that reads like a later key of the mark.
      const named = anEvent({ source: 'orders', idempotencyKey: 'm~2' });
      assert.deepEqual(await store.insertEvent(named, []), { kind: 'inserted' });
      const next = await insert(store, marked('m', T0 + 2 * WINDOW_MS));
      assert.equal(keyOf(next), 'm~3');
    });

    test('knows an event of an earlier version by its key, within the window', async (t) => {
      const { store } = await openFor(t, factory);
      const old = marked('m', T0);
      await store.insertEvent(old, []);
      assert.equal(duplicateOf(await insert(store, marked('m', T0 + WINDOW_MS))), old.id);
      const next = await insert(store, marked('m', T0 + WINDOW_MS + 1));
      assert.equal(keyOf(next), 'm~2');
    });

    test('comes before the replay mark, and both are kept', async (t) => {
      const { store } = await openFor(t, factory);
      const [one, two] = [marked('a', T0), marked('b', T0)];
      await store.insertEvent(one, [], aMark(1), T0);
      await store.insertEvent(two, [], aMark(2), T0);
      const by = (outcome: InsertOutcome) =>
        outcome.kind === 'duplicate' ? [outcome.event.id, outcome.by] : outcome.kind;
      assert.deepEqual(by(await store.insertEvent(marked('a', T0), [], aMark(2), T0)), [one.id, 'key']);
      assert.deepEqual(by(await store.insertEvent(marked('c', T0), [], aMark(2), T0)), [two.id, 'mark']);
      // A window that is over leaves the replay mark to decide.
      assert.deepEqual(by(await store.insertEvent(marked('a', T0), [], aMark(1), NEVER_KNOWN)), [
        one.id,
        'mark',
      ]);
      assert.deepEqual(by(await store.insertEvent(marked('a', T0), [], aMark(3), NEVER_KNOWN)), 'inserted');
    });

    test('of several that come at once one is inserted, and without a window all are', async (t) => {
      const { store } = await openFor(t, factory);
      const some = Array.from({ length: 8 }, () => marked('m', T0));
      const outcomes = await Promise.all(some.map((event) => insert(store, event)));
      assert.equal(outcomes.filter(({ kind }) => kind === 'inserted').length, 1);
      const others = Array.from({ length: 8 }, () => marked('n', T0));
      const all = await Promise.all(
        others.map((event) => store.insertEvent(event, ['a'], null, NEVER_KNOWN)),
      );
      assert.deepEqual(
        all.map(kindOf),
        others.map(() => 'inserted'),
      );
      const keys = await Promise.all(
        others.map(async ({ id }) => (await store.readEvent(id))!.idempotencyKey),
      );
      assert.equal(new Set(keys).size, 8);
      assert.ok(keys.includes('n'));
      const { events, counts } = await store.stats();
      assert.deepEqual([events, counts], [9, [{ destination: 'a', status: 'pending', count: 8 }]]);
    });

    test('a full store knows the mark, and a refused event leaves none', async (t) => {
      const { store } = await openFor(t, factory, { maxPendingDeliveries: 1 });
      const first = marked('m', T0);
      await store.insertEvent(first, ['a'], null, T0);
      assert.equal(duplicateOf(await store.insertEvent(marked('m', T0), ['a'], null, T0)), first.id);
      assert.equal(kindOf(await store.insertEvent(marked('m', T0), ['a'], null, NEVER_KNOWN)), 'full');
      assert.equal(kindOf(await store.insertEvent(marked('n', T0), ['a'], null, T0)), 'full');
      await work(store, 'a', { kind: 'completed' });
      assert.deepEqual(await store.insertEvent(marked('n', T0), ['a'], null, T0), { kind: 'inserted' });
    });

    test('goes with its newest event, and older ones keep their keys', async (t) => {
      const { store } = await openFor(t, factory);
      // Open, so that the purge passes it over.
      const old = marked('m', T0);
      await store.insertEvent(old, ['a'], null, T0);
      await store.insertEvent(marked('m', T0 + 1), [], null, NEVER_KNOWN);
      assert.equal((await store.purge(T0 + 2, 10, null)).deleted, 1);
      assert.equal((await store.eventByKey('orders', 'm'))?.id, old.id);
      assert.equal(keyOf(await store.insertEvent(marked('m', T0 + 3), ['a'], null, NEVER_KNOWN)), 'm~2');
      const newest = marked('m', T0 + 4);
      assert.equal(keyOf(await store.insertEvent(newest, [], null, NEVER_KNOWN)), 'm~3');
      assert.equal((await store.purge(T0 + 5, 10, null)).deleted, 1);
      // The two that are left are older than the mark was; neither loses its key.
      assert.equal(keyOf(await store.insertEvent(marked('m', T0 + 6), [], null, NEVER_KNOWN)), 'm~3');
    });

    test('an insert that fails leaves no mark', async (t) => {
      const { store } = await openFor(t, factory);
      const taken = marked('other', T0);
      await insert(store, taken);
      await assert.rejects(insert(store, { ...marked('m', T0), id: taken.id }));
      assert.deepEqual(await insert(store, marked('m', T0)), { kind: 'inserted' });
    });

    if (isDurable) {
      test('survives a reopen', async (t) => {
        const { store, reopen } = await openFor(t, factory);
        await insert(store, marked('m', T0));
        const newest = marked('m', T0 + 2 * WINDOW_MS);
        await insert(store, newest);
        const reopened: Store = await reopen!();
        assert.equal(duplicateOf(await insert(reopened, marked('m', newest.receivedAtMs))), newest.id);
        assert.equal((await reopened.eventByKey('orders', 'm'))?.id, newest.id);
      });
    }
  });
}

function marked(idempotencyKey: string, receivedAtMs: number, source = 'orders'): WebhookEvent {
  return anEvent({ idempotencyKey, receivedAtMs, source, body: Buffer.from('the same') });
}

/** With a window behind the event. */
function insert(store: Store, event: WebhookEvent): Promise<InsertOutcome> {
  return store.insertEvent(event, [], null, event.receivedAtMs - WINDOW_MS);
}

function aMark(number: number): ReplayMark {
  return { digest: new Uint8Array(16).fill(number), sinceMs: 0 };
}

function kindOf({ kind }: InsertOutcome): string {
  return kind;
}

/** The key that an insert gave instead of its own. */
function keyOf(outcome: InsertOutcome): string | undefined {
  assert.equal(outcome.kind, 'inserted');
  return outcome.kind === 'inserted' ? outcome.idempotencyKey : undefined;
}

function duplicateOf(outcome: InsertOutcome): string | null {
  return outcome.kind === 'duplicate' ? outcome.event.id : null;
}

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { anEvent } from '../../../testkit/builders.ts';
import type { WebhookEvent } from '../../domain/event.ts';
import type { InsertOutcome, ReplayMark, Store } from '../store.ts';
import { insertFor, leaseNext, openFor, type StoreFactory, T0, work } from './harness.ts';
import { snapshotOf } from './snapshot.ts';

const WINDOW_MS = 60_000;

/** The same event under another key: recognised by its mark while the mark holds. */
export function insertReplayMarkConformance(factory: StoreFactory, isDurable: boolean): void {
  describe('insert: replay mark', () => {
    test('a known mark is a duplicate of the event that has it, and writes nothing', async (t) => {
      const { store } = await openFor(t, factory);
      const first = anEvent();
      assert.deepEqual(await store.insertEvent(first, ['billing'], aMark()), { kind: 'inserted' });
      await work(store, 'billing', { kind: 'failed', error: 'refused' }, T0 + 10);
      const again = anEvent({ body: first.body, receivedAtMs: T0 + 20 });
      const before = await snapshotOf(store, [first, again]);

      const outcome = await store.insertEvent(again, ['billing', 'audit'], aMark());

      const event = await store.eventById(first.id);
      assert.deepEqual(outcome, { kind: 'duplicate', event, conflict: false, by: 'mark' });
      assert.deepEqual(await snapshotOf(store, [first, again]), before);
    });

    test('other bytes under a known mark are a conflict', async (t) => {
      const { store } = await openFor(t, factory);
      await store.insertEvent(anEvent({ body: Buffer.from('one') }), [], aMark());
      const same = await store.insertEvent(anEvent({ body: Buffer.from('one') }), [], aMark());
      const other = await store.insertEvent(anEvent({ body: Buffer.from('two') }), [], aMark());
      assert.deepEqual(
        [same, other].map((outcome) => outcome.kind === 'duplicate' && outcome.conflict),
        [false, true],
      );
    });

    test('the key comes before the mark', async (t) => {
      const { store } = await openFor(t, factory);
      const [one, two] = [anEvent(), anEvent()];
      await store.insertEvent(one, [], aMark(1));
      await store.insertEvent(two, [], aMark(2));
      const again = anEvent({ idempotencyKey: one.idempotencyKey });
      assert.equal(duplicateOf(await store.insertEvent(again, [], aMark(2))), one.id);
      assert.equal(duplicateOf(await store.insertEvent(again, [], aMark(3))), one.id);
      // A duplicate leaves no mark.
      assert.deepEqual(await store.insertEvent(anEvent(), [], aMark(3)), { kind: 'inserted' });
    });

    test('marks differ by any byte, and by source', async (t) => {
      const { store } = await openFor(t, factory);
      const digests = Array.from({ length: 16 }, (_, at) => new Uint8Array(16).fill(0xff, at, at + 1));
      digests.push(
        new Uint8Array(16),
        Uint8Array.from({ length: 16 }, (_, at) => at),
      );
      for (const digest of digests) {
        for (const source of ['github', 'gitlab']) {
          const event = anEvent({ source });
          const mark = { digest, sinceMs: 0 };
          assert.deepEqual(await store.insertEvent(event, [], mark), { kind: 'inserted' });
          assert.equal(duplicateOf(await store.insertEvent(anEvent({ source }), [], mark)), event.id);
        }
      }
    });

    test('a digest that is a slice of a larger buffer, and is overwritten afterwards, is kept', async (t) => {
      const { store } = await openFor(t, factory);
      const block = Buffer.alloc(64, 7);
      block.set(aMark(1).digest, 20);
      const event = anEvent();
      await store.insertEvent(event, [], { digest: block.subarray(20, 36), sinceMs: 0 });
      block.fill(0);
      assert.equal(duplicateOf(await store.insertEvent(anEvent(), [], aMark(1))), event.id);
    });

    test('events without a mark have none in common', async (t) => {
      const { store } = await openFor(t, factory);
      assert.deepEqual(await store.insertEvent(anEvent(), []), { kind: 'inserted' });
      assert.deepEqual(await store.insertEvent(anEvent(), [], null), { kind: 'inserted' });
      assert.deepEqual(await store.insertEvent(anEvent(), [], aMark()), { kind: 'inserted' });
      assert.deepEqual(await store.insertEvent(anEvent(), []), { kind: 'inserted' });
      assert.deepEqual(await store.insertEvent(anEvent(), [], aMark()).then(kindOf), 'duplicate');
    });

    test('a mark holds up to the edge of its window, and not a millisecond longer', async (t) => {
      const { store } = await openFor(t, factory);
      const first = anEvent();
      await store.insertEvent(first, [], markAt(T0));
      const atEdge = anEvent({ receivedAtMs: T0 + WINDOW_MS });
      assert.equal(duplicateOf(await store.insertEvent(atEdge, [], markAt(T0 + WINDOW_MS))), first.id);
      const behind = anEvent({ receivedAtMs: T0 + WINDOW_MS + 1 });
      const outcome = await store.insertEvent(behind, [], markAt(T0 + WINDOW_MS + 1));
      assert.deepEqual(outcome, { kind: 'inserted' });
    });

    test('a repetition that is inserted takes the mark over, and a duplicate does not prolong it', async (t) => {
      const { store } = await openFor(t, factory);
      const at = (receivedAtMs: number) => anEvent({ receivedAtMs });
      await store.insertEvent(at(T0), [], markAt(T0));
      await store.insertEvent(at(T0 + WINDOW_MS), [], markAt(T0 + WINDOW_MS));
      const second = at(T0 + WINDOW_MS + 1);
      assert.equal(kindOf(await store.insertEvent(second, [], markAt(second.receivedAtMs))), 'inserted');
      const third = at(T0 + 2 * WINDOW_MS);
      assert.equal(duplicateOf(await store.insertEvent(third, [], markAt(third.receivedAtMs))), second.id);
      // However far the window reaches back.
      assert.equal(duplicateOf(await store.insertEvent(at(T0), [], aMark())), second.id);
    });

    test('a full store still knows its marks, and a refused event leaves none', async (t) => {
      const { store } = await openFor(t, factory, { maxPendingDeliveries: 1 });
      const first = anEvent();
      await store.insertEvent(first, ['billing'], aMark(1));
      assert.equal(duplicateOf(await store.insertEvent(anEvent(), ['billing'], aMark(1))), first.id);
      assert.equal(kindOf(await store.insertEvent(anEvent(), ['billing'], aMark(2))), 'full');
      await leaseNext(store, 'billing');
      assert.equal(kindOf(await store.insertEvent(anEvent(), ['billing'], aMark(2))), 'inserted');
    });

    test('a mark goes with its event, and so does one that was taken over', async (t) => {
      const { store } = await openFor(t, factory);
      const old = anEvent();
      await store.insertEvent(old, ['billing'], aMark());
      const later = anEvent({ receivedAtMs: T0 + 1 });
      await store.insertEvent(later, [], aMark(1, T0 + 1));
      assert.equal((await store.purge(T0 + 2, 10, null)).deleted, 1);
      assert.notEqual(await store.eventById(old.id), null);
      const again = anEvent();
      assert.deepEqual(await store.insertEvent(again, [], aMark()), { kind: 'inserted' });

      // And the old event, when it goes, leaves alone what is no longer its own.
      await work(store, 'billing', { kind: 'completed' });
      const kept = anEvent({ receivedAtMs: T0 + 10 });
      await store.insertEvent(kept, [], aMark(1, T0 + 10));
      assert.equal((await store.purge(T0 + 5, 10, null)).deleted, 2);
      assert.equal(duplicateOf(await store.insertEvent(anEvent(), [], aMark())), kept.id);
    });

    test('of several that come at once with one mark, the first is inserted', async (t) => {
      const { store } = await openFor(t, factory);
      const events = ['a', 'a', 'b', 'a'].map((body) => anEvent({ body: Buffer.from(body) }));
      const outcomes = await Promise.all(events.map((event) => store.insertEvent(event, ['x'], aMark())));
      assert.deepEqual(
        outcomes.map((outcome) => ('conflict' in outcome ? outcome.conflict : outcome.kind)),
        ['inserted', false, true, false],
      );
      for (const outcome of outcomes.slice(1)) assert.equal(duplicateOf(outcome), events[0]!.id);
      const { events: stored, counts } = await store.stats();
      assert.deepEqual([stored, counts], [1, [{ destination: 'x', status: 'pending', count: 1 }]]);
    });

    test('in one batch marks, keys, windows and bytes are not mixed up', async (t) => {
      const { store } = await openFor(t, factory);
      const events = Array.from({ length: 300 }, (_, at) => anEvent({ body: Buffer.alloc(at % 7, at) }));
      const insertAll = (all: readonly WebhookEvent[]) =>
        Promise.all(all.map((event, at) => store.insertEvent(event, [], at % 3 === 0 ? null : aMark(at))));
      assert.ok((await insertAll(events)).every(({ kind }) => kind === 'inserted'));
      const outcomes = await insertAll(events.map(({ body }) => anEvent({ body })));
      for (const [at, outcome] of outcomes.entries()) {
        const expected = at % 3 === 0 ? null : events[at]!.id;
        assert.equal(duplicateOf(outcome), expected);
        assert.equal('conflict' in outcome && outcome.conflict, false);
        assert.ok(Buffer.from(events[at]!.body).equals((await store.readEvent(events[at]!.id))!.body));
      }
    });

    test('an insert that fails leaves no mark', async (t) => {
      const { store } = await openFor(t, factory);
      const { event } = await insertFor(store, []);
      await assert.rejects(store.insertEvent(anEvent({ id: event.id }), [], aMark()));
      assert.deepEqual(await store.insertEvent(anEvent(), [], aMark()), { kind: 'inserted' });
    });

    if (isDurable) {
      test('marks survive a reopen', async (t) => {
        const { store, reopen } = await openFor(t, factory);
        const event = anEvent();
        await store.insertEvent(event, [], aMark());
        const reopened: Store = await reopen!();
        assert.equal(duplicateOf(await reopened.insertEvent(anEvent(), [], aMark())), event.id);
      });
    }
  });
}

function aMark(number = 1, sinceMs = 0): ReplayMark {
  const digest = new Uint8Array(16).fill(1);
  new DataView(digest.buffer).setUint32(12, number);
  return { digest, sinceMs };
}

/** The mark of an event that is received at this time, with a window behind it. */
function markAt(receivedAtMs: number): ReplayMark {
  return aMark(1, receivedAtMs - WINDOW_MS);
}

function kindOf({ kind }: InsertOutcome): string {
  return kind;
}

/** Which event an insert was a duplicate of, or null. */
function duplicateOf(outcome: InsertOutcome): string | null {
  return outcome.kind === 'duplicate' ? outcome.event.id : null;
}

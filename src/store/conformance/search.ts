import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { anEvent, nextId } from '../../../testkit/builders.ts';
import { createSeededRandom, testSeeds } from '../../../testkit/seeded-random.ts';
import type { WebhookEvent } from '../../domain/event.ts';
import { type Filter, isOfDelivery, resolveFilter } from '../../filter/filter.ts';
import { fitsDelivery, fitsEvent } from '../../filter/matches.ts';
import { printFilter } from '../../filter/print-filter.ts';
import { readFilter } from '../../filter/read-filter.ts';
import { randomFilter } from '../../filter/testing.ts';
import { SEARCH_SLICE, type SearchSlice, type Store } from '../store.ts';
import { insertFor, openFor, type StoreFactory, T0, work } from './harness.ts';
import { fillForSearch } from './search-history.ts';

/** By source and type, some with what only the event tells. */
const BY_KIND = [
  ...[
    'source:a',
    'source:a,b',
    'type:rare',
    'type:burst',
    'source:b type:t1',
    'type:t*',
    '-type:t*',
    '-source:a',
  ],
  ...[
    'type:none',
    'source:a type:rare',
    'type:t0,rare since:9s until:4s',
    'source:b since:200s',
    'type:rare body~"x"',
  ],
] as const;

/** Events of a history. */
export const EVENTS = 120;
/** With the events above: 18,000 pairs of an event and a filter. */
const FILTERS = 150;

/** What a filter finds, slice by slice. */
export function searchConformance(factory: StoreFactory): void {
  describe('search', () => {
    test('finds what the evaluator finds, whatever the filter, newest first', async (t) => {
      for (const seed of testSeeds([1])) {
        const { store } = await openFor(t, factory);
        await assertAgrees(store, seed, FILTERS);
      }
    });

    test('nothing is there', async (t) => {
      const { store } = await openFor(t, factory);
      for (const text of ['', 'status:failed', 'source:a', 'type:a,b', 'key:a', 'body~a', 'since:1h']) {
        assert.deepEqual(await slice(store, text), { hits: [], next: null, scanned: 0, searchedToMs: null });
      }
    });

    test('a hit has the view of the event and the deliveries that the filter speaks of', async (t) => {
      const { store } = await openFor(t, factory);
      const { event, deliveries } = await insertFor(store, ['a', 'b']);
      await work(store, 'a', { kind: 'failed', error: 'no' });
      const { hits } = await slice(store, 'status:failed destination:a');
      assert.deepEqual(hits, [
        {
          event: await store.eventById(event.id),
          deliveries: (await store.deliveriesOf(event.id)).filter(({ id }) => id === deliveries[0]!.id),
        },
      ]);
      assert.deepEqual((await slice(store, 'status:failed destination:b')).hits, []);
      assert.equal((await slice(store, '')).hits[0]!.deliveries.length, 2);
    });

    test('a status is found with a destination and a cause, whichever status it is', async (t) => {
      const { store } = await openFor(t, factory);
      const { event } = await insertFor(store, ['a']);
      for (const status of ['pending', 'processing', 'failed', 'completed']) {
        const { hits } = await slice(store, `status:${status} destination:a,b,c`);
        const expected = status === 'pending' ? [event.id] : [];
        assert.deepEqual(
          hits.map((hit) => hit.event.id),
          expected,
          status,
        );
        const ofCause = await slice(store, `status:${status} destination:a,b group:0123456789abcdef`);
        assert.deepEqual(ofCause.hits, [], status);
      }
    });

    test('slices are bounded, say how far they came, and leave out nothing', async (t) => {
      const { store } = await openFor(t, factory);
      const body = Buffer.alloc(SEARCH_SLICE.bytes / 8, 'x');
      const ids: string[] = [];
      for (let at = 0; at < 20; at++) {
        ids.push((await insertFor(store, [], { receivedAtMs: T0 + at, body })).event.id);
      }
      const seen: number[] = [];
      let cursor: string | null = null;
      do {
        const { hits, next, scanned, searchedToMs }: SearchSlice = await slice(
          store,
          '-body~"y" -body~"x"',
          cursor,
        );
        assert.deepEqual(hits, []);
        assert.ok(scanned <= 10, `${scanned} rows of ${body.length} bytes`);
        seen.push(scanned);
        assert.equal(searchedToMs, T0 + 20 - seen.reduce((sum, count) => sum + count));
        cursor = next;
      } while (cursor !== null);
      assert.equal(
        seen.reduce((sum, count) => sum + count),
        20,
      );
    });

    test('a slice is as large whatever the limit, and no row of it counts twice', async (t) => {
      const { store } = await openFor(t, factory);
      const count = SEARCH_SLICE.rows + 50;
      const fits = new Set([7, 60, 1_999].map((fromNewest) => count - 1 - fromNewest));
      const events = Array.from({ length: count }, (_, at) =>
        anEvent({ receivedAtMs: T0 + at, body: Buffer.from(fits.has(at) ? 'needle' : 'hay') }),
      );
      await Promise.all(events.map((event) => store.insertEvent(event, [])));
      const expected = [...fits].map((at) => events[at]!.id);
      for (const limit of [4, 50, 499, 500, 501, Number.MAX_SAFE_INTEGER]) {
        const first = await slice(store, 'body~"needle"', null, limit);
        assert.deepEqual(idsOf(first), expected, `limit ${limit}`);
        assert.deepEqual([first.scanned, first.next], [SEARCH_SLICE.rows, events[50]!.id], `limit ${limit}`);
        const second = await slice(store, 'body~"needle"', first.next, limit);
        assert.deepEqual([idsOf(second), second.scanned, second.next], [[], 50, null], `limit ${limit}`);
      }
      const full = await slice(store, 'body~"needle"', null, 2);
      assert.deepEqual([idsOf(full), full.scanned], [expected.slice(0, 2), 61]);
      assert.equal(full.next, expected[1]);
    });

    test('by source and type: frequent, rare and in bursts, of any age, and after a clean-up', async (t) => {
      const { store } = await openFor(t, factory);
      const random = createSeededRandom(3);
      const kindAt = (at: number) => {
        if (at % 97 === 5) return { source: 'b', eventType: 'rare' };
        return { source: at % 2 === 0 ? 'a' : 'b', eventType: at > 300 && at < 340 ? 'burst' : `t${at % 3}` };
      };
      // Some come late: their ids are older than those before them.
      const timeAt = (at: number) => T0 + at * 37 - (at % 11 === 0 ? random.int(500_000) : 0);
      const events = Array.from({ length: 600 }, (_, at) =>
        anEvent({ receivedAtMs: timeAt(at), ...kindAt(at) }),
      );
      let batch: Promise<unknown>[] = [];
      for (const event of events) {
        batch.push(store.insertEvent(event, []));
        if (random.chance(0.9)) continue;
        await Promise.all(batch);
        batch = [];
      }
      await Promise.all(batch);
      const assertFinds = async (left: readonly WebhookEvent[]) => {
        for (const text of BY_KIND) {
          const reading = readFilter(text);
          assert.ok(reading.kind === 'read', text);
          const filter = resolveFilter(reading.filter, T0 + 600 * 37);
          const expected = left
            .filter((event) => fitsEvent(filter, event, null))
            .map(({ id }) => id)
            .sort()
            .toReversed();
          assert.deepEqual((await allHits(store, filter, 7)).flat(), expected, text);
          assert.deepEqual((await allHits(store, filter, 1_000)).flat(), expected, text);
        }
      };
      await assertFinds(events);
      await store.purge(T0 + 400 * 37, 1_000, null);
      // Which of those that came late are deleted depends on how the clean-up walks.
      const found = await Promise.all(events.map(({ id }) => store.eventById(id)));
      const left = events.filter((_, at) => found[at] !== null);
      assert.ok(left.length > 150 && left.length < 300, `${left.length} are left`);
      await assertFinds(left);
    });

    test('what is accepted or deleted between slices shifts nothing', async (t) => {
      const { store } = await openFor(t, factory);
      const ids: string[] = [];
      for (let at = 0; at < 6; at++)
        ids.push((await insertFor(store, [], { receivedAtMs: T0 + at })).event.id);
      const first = await slice(store, 'source:default', null, 2);
      assert.deepEqual(idsOf(first), [ids[5], ids[4]]);
      await insertFor(store, [], { receivedAtMs: T0 + 9 });
      await store.purge(T0 + 2, 10, null);
      const second = await slice(store, 'source:default', first.next, 10);
      assert.deepEqual(idsOf(second), [ids[3], ids[2]]);
      assert.equal(second.next, null);
    });

    test('a cursor holds its place under another filter', async (t) => {
      const { store } = await openFor(t, factory);
      const ids: string[] = [];
      for (let at = 0; at < 4; at++)
        ids.push((await insertFor(store, ['a'], { receivedAtMs: T0 + at })).event.id);
      for (const [one, other] of [
        ['status:pending', 'source:default'],
        ['source:default', 'status:pending'],
      ] as const) {
        const { next } = await slice(store, one, null, 1);
        assert.deepEqual(idsOf(await slice(store, other, next, 10)), [ids[2], ids[1], ids[0]]);
      }
    });
  });
}

/** Fills the store, and compares what it finds with what the evaluator says of each event, for so many filters. */
export async function assertAgrees(store: Store, seed: number, filters: number): Promise<void> {
  const random = createSeededRandom(seed);
  const history = await fillForSearch(store, random, EVENTS);
  const expectedOf = (filter: Filter) =>
    history.toReversed().flatMap(({ event, searchKeys, deliveries }) => {
      const fitting = deliveries.filter((delivery) => fitsDelivery(filter, delivery)).map(({ id }) => id);
      const isHit =
        fitsEvent(filter, event, searchKeys) && (fitting.length > 0 || !filter.some(isOfDelivery));
      return isHit ? [[event.id, ...fitting]] : [];
    });
  const material = {
    ids: [...history.slice(0, 5).map(({ event }) => event.id), nextId(T0)],
    // An erased one has none.
    keys: [...history.slice(0, 8).map(({ event }) => event.idempotencyKey || 'none'), 'none'],
    timesMs: history.map(({ event }) => event.receivedAtMs),
  };
  let found = 0;
  for (let round = 0; round < filters; round++) {
    const filter = randomFilter(random, material);
    const expected = expectedOf(filter);
    found += expected.length;
    const hits = await allHits(store, filter, 1 + random.int(40));
    assert.deepEqual(hits, expected, `seed ${seed}: ${printFilter(filter)}`);
  }
  assert.ok(found > filters, `seed ${seed}: ${found} hits are few`);
}

function idsOf({ hits }: SearchSlice): string[] {
  return hits.map(({ event }) => event.id);
}

function slice(store: Store, text: string, cursor: string | null = null, limit = 100): Promise<SearchSlice> {
  const reading = readFilter(text);
  assert.ok(reading.kind === 'read', text);
  return store.searchSlice({ filter: resolveFilter(reading.filter, T0), limit, cursor });
}

/** The id of each hit with those of its deliveries, in pages of the limit. */
async function allHits(store: Store, filter: Filter, limit: number): Promise<string[][]> {
  const found: string[][] = [];
  let cursor: string | null = null;
  do {
    const { hits, next }: SearchSlice = await store.searchSlice({ filter, limit, cursor });
    assert.ok(hits.length <= limit);
    found.push(...hits.map(({ event, deliveries }) => [event.id, ...deliveries.map(({ id }) => id)]));
    cursor = next;
  } while (cursor !== null);
  return found;
}

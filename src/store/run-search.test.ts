import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { anEvent } from '../../testkit/builders.ts';
import { createFakeClock } from '../../testkit/fake-clock.ts';
import { createSearches, PAGE_MS, type Search, type SearchStep, TURN_MS } from './run-search.ts';
import type { SearchRequest, SearchSlice } from './store.ts';

const ALL: Search = { filter: [], limit: 10, cursor: null };

/** A store whose slices have a hit each, `count` in all, and take `sliceMs`. */
function aStore(count: number, sliceMs = 0) {
  let nowMs = 0;
  const asked: SearchRequest[] = [];
  const event = {
    ...anEvent(),
    status: 'completed' as const,
    attempts: 0,
    updatedAtMs: 0,
    erasedAtMs: null,
    givenUp: [],
  };
  return {
    asked,
    elapsedMs: () => nowMs,
    async searchSlice(request: SearchRequest): Promise<SearchSlice> {
      asked.push(request);
      nowMs += sliceMs;
      const at = Number(request.cursor ?? 0) + 1;
      const next = at === count ? null : String(at);
      return { hits: [{ event, deliveries: [] }], next, scanned: 5, searchedToMs: 100 - at };
    },
  };
}

describe('a search', () => {
  it('goes slice by slice to the end, with totals', async () => {
    const store = aStore(3);
    const steps: SearchStep[] = [];
    const { steps: run } = createSearches(store, createFakeClock(), {}, store.elapsedMs);
    for await (const step of run(ALL, new AbortController().signal)) {
      steps.push(step);
    }
    assert.deepEqual(
      steps.map(({ hits, next, scanned, searchedToMs }) => [hits.length, next, scanned, searchedToMs]),
      [
        [1, '1', 5, 99],
        [1, '2', 10, 98],
        [1, null, 15, 97],
      ],
    );
    assert.deepEqual(
      store.asked.map(({ limit, cursor }) => [limit, cursor]),
      [
        [10, null],
        [9, '1'],
        [8, '2'],
      ],
    );
  });

  it('makes a page of what fits the limit, and says where to go on', async () => {
    const store = aStore(30);
    const page = await createSearches(store, createFakeClock(), {}, store.elapsedMs).page(ALL);
    assert.ok(page !== 'busy');
    assert.deepEqual([page.hits.length, page.next, page.scanned], [10, '10', 50]);
  });

  it('answers after its time with what it has', async () => {
    const store = aStore(1_000, PAGE_MS / 3 + 1);
    const page = await createSearches(store, createFakeClock(), {}, store.elapsedMs).page({
      ...ALL,
      limit: 500,
    });
    assert.ok(page !== 'busy');
    assert.deepEqual([page.hits.length, page.next], [3, '3']);
  });

  it('runs beside one other; a third waits, and is told so when its time is over', async () => {
    const store = aStore(1_000);
    const clock = createFakeClock();
    const searches = createSearches(store, clock, {}, store.elapsedMs);
    const signal = new AbortController().signal;
    const running = [1, 2].map(() => searches.steps({ ...ALL, limit: 500 }, signal));
    for (const search of running) await search.next();
    const third = searches.page(ALL);
    await clock.advance(TURN_MS);
    assert.equal(await third, 'busy');
    const fourth = searches.page(ALL);
    // Who stops listening gives up the place.
    await running[0]!.return(undefined);
    const page = await fourth;
    assert.ok(page !== 'busy' && page.hits.length === 10);
    await running[1]!.return(undefined);
  });

  it('stops when it is aborted, and gives up its place', async () => {
    const store = aStore(1_000);
    const searches = createSearches(store, createFakeClock(), {}, store.elapsedMs);
    for (let round = 0; round < 5; round++) {
      const stop = new AbortController();
      const search = searches.steps(ALL, stop.signal);
      await search.next();
      stop.abort(new Error('the client is gone'));
      await assert.rejects(search.next(), /the client is gone/);
    }
    assert.equal(store.asked.length, 5);
  });

  it('tells how many run, what each slice took, and which page was refused', async () => {
    const store = aStore(3, 20);
    const clock = createFakeClock();
    const told: (string | number)[][] = [];
    const observer = {
      onRunning: (searches: number) => told.push(['running', searches]),
      onSlice: (durationMs: number, rows: number) => told.push(['slice', durationMs, rows]),
      onRefused: () => told.push(['refused']),
    };
    const searches = createSearches(store, clock, observer, store.elapsedMs);
    const { signal } = new AbortController();
    const held = [1, 2].map(() => searches.steps(ALL, signal));
    for (const one of held) await one.next();
    const page = searches.page(ALL);
    await clock.advance(TURN_MS);
    assert.equal(await page, 'busy');
    for (const one of held) await one.return(undefined);
    assert.deepEqual(told, [
      ['running', 1],
      ['slice', 20, 5],
      ['running', 2],
      ['slice', 20, 5],
      ['refused'],
      ['running', 1],
      ['running', 0],
    ]);
  });
});

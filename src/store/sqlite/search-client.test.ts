import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createFakeClock } from '../../../testkit/fake-clock.ts';
import type { SearchRequest } from '../store.ts';
import { createSearchClient } from './search-client.ts';

const REQUEST: SearchRequest = { filter: [], limit: 1, cursor: null };

/** A client of threads that answer when the test says so. */
function setUp() {
  const clock = createFakeClock();
  const threads: { isEnded: boolean; die: () => void; calls: PromiseWithResolvers<unknown>[] }[] = [];
  const client = createSearchClient({
    clock,
    start(onDeath) {
      const thread = { isEnded: false, die: onDeath, calls: [] as PromiseWithResolvers<unknown>[] };
      threads.push(thread);
      return {
        opened: Promise.resolve(),
        call() {
          const call = Promise.withResolvers<unknown>();
          thread.calls.push(call);
          return call.promise;
        },
        async end() {
          thread.isEnded = true;
        },
      };
    },
  });
  const turns = () => new Promise((resolve) => setImmediate(resolve));
  const answer = async () => {
    await turns();
    for (const { calls } of threads) for (const call of calls.splice(0)) call.resolve('found');
    await turns();
  };
  const search = async () => {
    const found = client.slice(REQUEST);
    await answer();
    return found;
  };
  return { clock, client, threads, search, answer, turns };
}

test('the thread of searches serves one after the other, and ends after a minute without any', async () => {
  const { clock, search, threads, turns } = setUp();
  for (let count = 0; count < 3; count++) {
    assert.equal(await search(), 'found');
    await clock.advance(59_000);
  }
  assert.deepEqual(
    threads.map(({ isEnded }) => isEnded),
    [false],
  );
  await clock.advance(1_000);
  await turns();
  assert.equal(threads[0]!.isEnded, true);
  assert.equal(await search(), 'found');
  assert.equal(threads.length, 2);
});

test('a search that takes longer than a minute keeps its thread', async () => {
  const { answer, client, clock, search, threads, turns } = setUp();
  await search();
  const long = client.slice(REQUEST);
  await turns();
  await clock.advance(120_000);
  assert.equal(threads[0]!.isEnded, false);
  await answer();
  assert.equal(await long, 'found');
});

test('after a thread that died the next search starts another', async () => {
  const { search, threads, clock } = setUp();
  await search();
  threads[0]!.die();
  assert.equal(clock.pending(), 0);
  assert.equal(await search(), 'found');
  assert.equal(threads.length, 2);
});

test('a client that is closed ends its thread and leaves no timer', async () => {
  const { client, clock, search, threads } = setUp();
  await client.end();
  await search();
  await client.end();
  assert.deepEqual([threads[0]!.isEnded, clock.pending()], [true, 0]);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { newBook } from './alert-book.ts';
import { createFacts } from './alert-facts.ts';
import type { AlertWatchParts } from './alert-parts.ts';
import { createSigns } from './alert-signs.ts';

const HOUR_MS = 3_600_000;
const NOW_MS = 1_800_000_000_000;

/** The facts about a source that was last heard two hours ago and is expected every hour. */
async function heardOf(exclusive: boolean) {
  const signs = createSigns(() => 0);
  signs.noteLastEvent('shop', NOW_MS - 2 * HOUR_MS);
  let asked = 0;
  const store = {
    exclusive,
    stats: async () => ({}),
    readDestinations: async () => [],
    searchSlice: async () => {
      asked += 1;
      return { hits: [] };
    },
  };
  const facts = createFacts({ store, signs } as unknown as AlertWatchParts);
  const expect = { everyMs: HOUR_MS } as never;
  const watched = {
    rules: null,
    expected: [{ source: 'shop', expect }],
    sources: ['shop'],
    destinations: [],
  };
  const { heard } = await facts(newBook(NOW_MS - 9 * HOUR_MS), watched as never, NOW_MS);
  return { lastAtMs: heard[0]!.lastAtMs, asked };
}

test('a silent source is not looked up where nobody else accepts', async () => {
  assert.deepEqual(await heardOf(true), { lastAtMs: NOW_MS - 2 * HOUR_MS, asked: 0 });
});

test('of a silent source other nodes may have heard, so the store is asked', async () => {
  assert.equal((await heardOf(false)).asked, 1);
});

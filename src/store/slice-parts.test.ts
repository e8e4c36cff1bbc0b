import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { firstPart, joinParts, restAfter } from './slice-parts.ts';
import { SEARCH_SLICE, type SearchHit, type SearchSlice } from './store.ts';

const HIT = {} as SearchHit;

function aPart(hits: number, scanned: number, next: string | null, bytes = 0) {
  return { slice: { hits: Array(hits).fill(HIT), next, scanned, searchedToMs: 100 } as SearchSlice, bytes };
}

describe('a slice', () => {
  it('begins with a few rows for each hit, and at most with all of its rows', () => {
    assert.deepEqual(firstPart({ limit: 50, cursor: 'c' }), {
      ...{ limit: 50, cursor: 'c', rows: 200, bytes: SEARCH_SLICE.bytes },
    });
    assert.equal(firstPart({ limit: 500, cursor: null }).rows, SEARCH_SLICE.rows);
    assert.equal(firstPart({ limit: Number.MAX_SAFE_INTEGER, cursor: null }).rows, SEARCH_SLICE.rows);
  });

  it('goes on behind its first part, for what is missing, with what that has left', () => {
    const asked = firstPart({ limit: 50, cursor: null });
    assert.deepEqual(restAfter(asked, aPart(3, 200, 'n', 1_000)), {
      ...{ limit: 47, cursor: 'n', rows: SEARCH_SLICE.rows - 200, bytes: SEARCH_SLICE.bytes - 1_000 },
    });
  });

  it('is over when the page is full, nothing is left, or its rows or bytes are used up', () => {
    const asked = firstPart({ limit: 50, cursor: null });
    assert.equal(restAfter(asked, aPart(50, 120, 'n')), null);
    assert.equal(restAfter(asked, aPart(3, 120, null)), null);
    assert.equal(restAfter(asked, aPart(3, 50, 'n', SEARCH_SLICE.bytes)), null);
    const all = firstPart({ limit: 10_000, cursor: null });
    assert.equal(restAfter(all, aPart(3, SEARCH_SLICE.rows, 'n')), null);
  });

  it('is the sum of its parts', () => {
    const [first, rest] = [aPart(3, 200, 'n').slice, aPart(1, 1_800, 'm').slice];
    const { hits, ...joined } = joinParts(first, { ...rest, searchedToMs: 90 });
    assert.deepEqual([hits.length, joined], [4, { next: 'm', scanned: 2_000, searchedToMs: 90 }]);
    const nothing = { hits: [], next: null, scanned: 0, searchedToMs: null };
    assert.deepEqual(joinParts(first, nothing), { ...first, next: null });
  });
});

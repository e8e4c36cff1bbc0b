import { SEARCH_SLICE, type SearchRequest, type SearchSlice } from './store.ts';

/** What one read of a slice may look at. */
export type PartRequest = Readonly<{
  /** Most hits. */
  limit: number;
  cursor: string | null;
  /** Most rows. */
  rows: number;
  /** Most bytes of bodies; one row may have more. */
  bytes: number;
}>;

/** What it came to, and how many bytes the bodies of its rows have, if they are read. */
export type SlicePart = Readonly<{ slice: SearchSlice; bytes: number }>;

/** Most pages are full after so many rows for each hit. */
const FEW_A_HIT = 4;

/** The first part of a slice: a few rows, since they mostly have the page. */
export function firstPart({ limit, cursor }: Pick<SearchRequest, 'limit' | 'cursor'>): PartRequest {
  return { limit, cursor, rows: Math.min(FEW_A_HIT * limit, SEARCH_SLICE.rows), bytes: SEARCH_SLICE.bytes };
}

/** The rest of the slice behind its first part, or null if that was enough: no row is read twice. */
export function restAfter(asked: PartRequest, { slice, bytes }: SlicePart): PartRequest | null {
  const { hits, next, scanned } = slice;
  const rows = SEARCH_SLICE.rows - scanned;
  if (next === null || hits.length === asked.limit || rows === 0) return null;
  // Large bodies have cut it short.
  if (scanned < asked.rows) return null;
  return { limit: asked.limit - hits.length, cursor: next, rows, bytes: asked.bytes - bytes };
}

/** Two parts that follow each other, as one slice. */
export function joinParts(first: SearchSlice, rest: SearchSlice): SearchSlice {
  return {
    hits: [...first.hits, ...rest.hits],
    next: rest.next,
    scanned: first.scanned + rest.scanned,
    searchedToMs: rest.searchedToMs ?? first.searchedToMs,
  };
}

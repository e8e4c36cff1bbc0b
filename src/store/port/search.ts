import type { Delivery } from '../../domain/delivery.ts';
import type { EventView } from '../../domain/event.ts';
import type { Filter } from '../../filter/filter.ts';

export type SearchRequest = Readonly<{
  /** With its times resolved. */
  filter: Filter;
  /** Most hits. */
  limit: number;
  /** The `next` of the slice before, or null for the newest events. */
  cursor: string | null;
}>;

/** An event that fits a filter, with those of its deliveries that fit it: all of them where it says nothing of deliveries. */
export type SearchHit = Readonly<{ event: EventView; deliveries: readonly Delivery[] }>;

export type SearchSlice = Readonly<{
  /** Newest first. */
  hits: readonly SearchHit[];
  /** Where the next slice begins; null when nothing is left to look at. */
  next: string | null;
  /** Rows that were looked at. */
  scanned: number;
  /** When the last event that was looked at was received; null if there was none. */
  searchedToMs: number | null;
}>;

/** Bounds what one slice of a search reads, and so for how long it keeps a snapshot. */
export const SEARCH_SLICE = {
  rows: 2_000,
  bytes: 32 * 1024 * 1024,
};

export interface SearchStore {
  /**
   * Looks at the next events in their order, newest first, and returns those that fit: at most SEARCH_SLICE of them, in
   * a read of its own. What an index finds is found through it; the rest is read. Slices that follow each other by
   * `next` come to every event that was there at the first one, once.
   */
  searchSlice(request: SearchRequest): Promise<SearchSlice>;
}

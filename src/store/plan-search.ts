import type { DeliveryStatus } from '../domain/delivery.ts';
import { keyText } from '../domain/search-key.ts';
import type { Filter } from '../filter/filter.ts';
import { momentOf } from '../filter/matches.ts';
import { idBefore } from '../runtime/ids.ts';

/** The index by which a search comes to its candidates. All go from new to old. */
export type SearchPath =
  | Readonly<{ kind: 'ids'; ids: readonly string[] }>
  | Readonly<{ kind: 'keys'; keys: readonly string[] }>
  | Readonly<{ kind: 'search'; name: string; values: readonly string[] }>
  /** By the deliveries of these statuses, of which there are few beside the history. */
  | Readonly<{ kind: 'deliveries'; statuses: readonly DeliveryStatus[] }>
  /** By the sources and types that the filter names. */
  | Readonly<{ kind: 'kinds' }>
  /** All events in the order of their ids, which is that of their receipt. */
  | Readonly<{ kind: 'time' }>;

/** The ids between which all events lie that the filter's times allow: `since` included, `until` not. */
export type IdRange = Readonly<{ sinceId: string; untilId: string }>;

/** Chooses the index that leads to the fewest candidates, by what each usually has. */
export function planSearch(filter: Filter): SearchPath {
  const stated = filter.filter(({ negated }) => !negated);
  const ids = valuesOf(stated, 'id');
  if (ids !== null) return { kind: 'ids', ids };
  const keys = valuesOf(stated, 'key');
  if (keys !== null) return { kind: 'keys', keys };
  for (const term of stated) {
    if (term.field !== 'search') continue;
    return { kind: 'search', name: term.name, values: distinct(term.values.map(keyText)) };
  }
  const statuses = statusesOf(stated);
  if (statuses !== null) return { kind: 'deliveries', statuses };
  if (stated.some(({ field }) => field === 'source' || field === 'type')) return { kind: 'kinds' };
  return { kind: 'time' };
}

function valuesOf(terms: Filter, field: 'id' | 'key'): readonly string[] | null {
  for (const term of terms) if (term.field === field) return distinct(term.values);
  return null;
}

/** Completed deliveries are the history: an index of them would cost every settlement. */
function statusesOf(terms: Filter): readonly DeliveryStatus[] | null {
  for (const term of terms) {
    if (term.field === 'status' && !term.values.includes('completed')) return distinct(term.values);
    if (term.field === 'group') return ['failed'];
  }
  return null;
}

export function distinct<T>(values: readonly T[]): readonly T[] {
  return [...new Set(values)];
}

const AFTER_ALL = 'ffffffff-ffff-ffff-ffff-ffffffffffff';
const LAST_MS = 2 ** 48 - 1;

/** The range of ids of the filter's times and of what the cursor leaves. @param before an id, or null for the newest */
export function idRange(filter: Filter, before: string | null): IdRange {
  let sinceMs = 0;
  let untilId = before ?? AFTER_ALL;
  for (const term of filter) {
    if (term.field === 'since') sinceMs = Math.max(sinceMs, momentOf(term));
    if (term.field !== 'until') continue;
    const first = firstIdOf(momentOf(term));
    if (first < untilId) untilId = first;
  }
  return { sinceId: firstIdOf(sinceMs), untilId };
}

/** Below every UUIDv7 of that millisecond. @param timeMs any time, of which an id has 48 bits */
export function firstIdOf(timeMs: number): string {
  return idBefore(Math.min(Math.max(timeMs, 0), LAST_MS));
}

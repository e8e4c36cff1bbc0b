import { isOfDelivery } from '../../filter/filter.ts';
import { fitsDelivery, fitsEvent } from '../../filter/matches.ts';
import { uuidTimeMs } from '../../runtime/ids.ts';
import { SEARCH_SLICE, type SearchHit, type SearchRequest, type SearchSlice } from '../store.ts';
import { viewOf } from './browse.ts';
import { deliveriesOf, type State, toDelivery } from './state.ts';

/** @see SearchStore.searchSlice */
export function searchSlice(state: State, request: SearchRequest): SearchSlice {
  const { cursor, limit } = request;
  const older = [...state.events.keys()]
    .filter((id) => cursor === null || id < cursor)
    .sort()
    .reverse();
  const hits: SearchHit[] = [];
  let bytes = 0;
  let scanned = 0;
  let last: string | null = null;
  for (const id of older) {
    if (hits.length === limit || scanned === SEARCH_SLICE.rows || bytes > SEARCH_SLICE.bytes) break;
    const hit = hitOf(state, id, request);
    if (hit !== null) hits.push(hit);
    bytes += state.events.get(id)!.body.length;
    scanned += 1;
    last = id;
  }
  return {
    hits,
    next: scanned === older.length ? null : last,
    scanned,
    searchedToMs: last === null ? null : uuidTimeMs(last),
  };
}

function hitOf(state: State, id: string, { filter }: SearchRequest): SearchHit | null {
  const event = state.events.get(id)!;
  // The model keeps an erased event's key.
  const known = state.erased.has(id) ? { ...event, idempotencyKey: '' } : event;
  if (!fitsEvent(filter, known, state.searchKeys.get(id) ?? [])) return null;
  const all = deliveriesOf(state, id);
  const replayed = new Set(all.map(({ replayOf }) => replayOf));
  const fitting = all.filter((delivery) => {
    const httpStatus = state.attempts.get(delivery.id)?.at(-1)?.httpStatus ?? null;
    return fitsDelivery(filter, { ...delivery, httpStatus, isReplayed: replayed.has(delivery.id) });
  });
  if (fitting.length === 0 && filter.some(isOfDelivery)) return null;
  return { event: viewOf(state, event), deliveries: fitting.map(toDelivery) };
}

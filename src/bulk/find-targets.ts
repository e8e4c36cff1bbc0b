import type { BulkOperation, OperationSample, TargetOutcome } from '../domain/operation.ts';
import { type Filter, isOfDelivery } from '../filter/filter.ts';
import { fitsDelivery, fitsEvent } from '../filter/matches.ts';
import { uuidTimeMs } from '../runtime/ids.ts';
import type { Searches } from '../store/run-search.ts';
import type {
  BrowseStore,
  EraseStore,
  OrderStore,
  RejectedRequest,
  RejectedStore,
  SearchHit,
} from '../store/store.ts';
import { asksForCompleted } from './check-plan.ts';

/** Targets that were found in one go, newest first, and how far the search is then. */
export type Portion = Readonly<{
  found: readonly OperationSample[];
  /** Why others that fit the filter are none. */
  leftOut: readonly TargetOutcome[];
  /** Where the search goes on; null when it is complete. */
  cursor: string | null;
  scanned: number;
  searchedToMs: number | null;
}>;

export type FindParts = Readonly<{
  store: Pick<BrowseStore, 'deliveriesOf'> &
    Pick<EraseStore, 'erasableById'> &
    Pick<OrderStore, 'listBlocked'> &
    Pick<RejectedStore, 'listRejected' | 'readRejected'>;
  searches: Searches;
}>;

/** Rows of a page of rejected requests or blocked keys. */
const PAGE = 500;
/** No bound: a slice has one of its own. */
const ALL = Number.MAX_SAFE_INTEGER;

/** Looks for the next targets of an operation. @param filter the operation's, as a value */
export function findTargets(
  parts: FindParts,
  operation: BulkOperation,
  filter: Filter,
  signal: AbortSignal,
): Promise<Portion> {
  switch (operation.kind) {
    case 'reverify':
      return findRejected(parts, operation, filter);
    case 'release':
      return findBlocked(parts, operation, filter);
    default:
      return findByEvents(parts, operation, filter, signal);
  }
}

/** A slice of the search at a time, so that other searches have their turns between. */
async function findByEvents(
  { store, searches }: FindParts,
  operation: BulkOperation,
  filter: Filter,
  signal: AbortSignal,
): Promise<Portion> {
  const { cursor } = operation.search;
  const search = { filter: narrowed(operation, filter), limit: ALL, cursor };
  for await (const { hits, next, scanned, searchedToMs } of searches.steps(search, signal)) {
    // What was received after the plan has a greater id.
    const before = hits.filter(({ event }) => event.id < operation.id);
    const chosen = await chooseTargets(store, operation, filter, before);
    return { ...chosen, cursor: next, scanned, searchedToMs };
  }
  throw new Error('a search ended without a step');
}

/** With the status that targets have, so that an index leads to them. */
function narrowed({ kind }: BulkOperation, filter: Filter): Filter {
  const status = (...values: ('failed' | 'completed' | 'pending')[]): Filter => [
    ...filter,
    { field: 'status', negated: false, values },
  ];
  if (kind === 'replay') return asksForCompleted(filter) ? status('failed', 'completed') : status('failed');
  return kind === 'give-up' ? status('pending') : filter;
}

type Chosen = Pick<Portion, 'found' | 'leftOut'>;

async function chooseTargets(
  store: FindParts['store'],
  { kind, to }: BulkOperation,
  filter: Filter,
  hits: readonly SearchHit[],
): Promise<Chosen> {
  switch (kind) {
    case 'replay':
      return ofDeliveries(hits, ({ replayedBy }, { erasedAtMs }) =>
        erasedAtMs !== null ? 'erased_before' : replayedBy === null ? null : 'superseded',
      );
    case 'give-up':
      return ofDeliveries(hits, () => null);
    case 'route':
      return ofEvents(hits, await Promise.all(hits.map((hit) => whyNotRouted(store, filter, hit, to!))));
    default: {
      const states = await store.erasableById(hits.map(({ event }) => event.id));
      return ofEvents(
        hits,
        states.map(({ state }) => (state === 'erased' ? null : state === 'unknown' ? 'gone' : state)),
      );
    }
  }
}

type Reason = TargetOutcome | null;

function ofDeliveries(
  hits: readonly SearchHit[],
  whyNot: (delivery: SearchHit['deliveries'][number], event: SearchHit['event']) => Reason,
): Chosen {
  const found: OperationSample[] = [];
  const leftOut: TargetOutcome[] = [];
  for (const { event, deliveries } of hits) {
    const { source, eventType } = event;
    // The newest first, also within an event.
    for (const delivery of deliveries.toReversed()) {
      const reason = whyNot(delivery, event);
      if (reason !== null) leftOut.push(reason);
      else found.push({ id: delivery.id, source, eventType, destination: delivery.destination });
    }
  }
  return { found, leftOut };
}

function ofEvents(hits: readonly SearchHit[], reasons: readonly Reason[]): Chosen {
  const found = hits.filter((_, at) => reasons[at] === null);
  return {
    found: found.map(({ event: { id, source, eventType } }) => ({
      id,
      source,
      eventType,
      destination: null,
    })),
    leftOut: reasons.flatMap((reason) => reason ?? []),
  };
}

/** A hit has all deliveries of its event unless the filter speaks of deliveries. */
async function whyNotRouted(
  store: FindParts['store'],
  filter: Filter,
  { event, deliveries }: SearchHit,
  to: string,
): Promise<Reason> {
  if (event.erasedAtMs !== null) return 'erased_before';
  // A test goes to the destination that it was meant for, and to no other.
  if (event.origin === 'test') return 'sent_as_test';
  const all = filter.some(isOfDelivery) ? await store.deliveriesOf(event.id) : deliveries;
  return all.some(({ destination }) => destination === to) ? 'routed_before' : null;
}

async function findRejected(
  { store }: FindParts,
  operation: BulkOperation,
  filter: Filter,
): Promise<Portion> {
  const page = await store.listRejected(PAGE, operation.search.cursor, sourceOf(filter));
  const found: OperationSample[] = [];
  const [ofPayload, others] = [true, false].map((isOfPayload) =>
    filter.filter(({ field }) => ['header', 'body', 'pointer'].includes(field) === isOfPayload),
  );
  for (const { id, source } of page.requests) {
    if (id >= operation.id || !fitsRejected(others!, { id, source })) continue;
    if (ofPayload!.length > 0) {
      const request = await store.readRejected(id);
      if (request === null || !fitsRejected(ofPayload!, request)) continue;
    }
    found.push({ id, source, eventType: null, destination: null });
  }
  const last = page.requests.at(-1);
  const searchedToMs = last === undefined ? null : uuidTimeMs(last.id);
  return { found, leftOut: [], cursor: page.next, scanned: page.requests.length, searchedToMs };
}

/** The one source that is meant, so that its index is used. */
function sourceOf(filter: Filter): string | null {
  const term = filter.find(({ field, negated }) => field === 'source' && !negated);
  return term?.field === 'source' && term.values.length === 1 ? term.values[0]! : null;
}

function fitsRejected(
  filter: Filter,
  request: Partial<RejectedRequest> & Pick<RejectedRequest, 'id' | 'source'>,
) {
  const { id, source, method = 'POST', url = '/', headers = [], body } = request;
  const event = { id, source, method, url, headers, body: body ?? new Uint8Array() };
  return fitsEvent(filter, { ...event, idempotencyKey: '', eventType: '' }, []);
}

async function findBlocked({ store }: FindParts, operation: BulkOperation, filter: Filter): Promise<Portion> {
  const page = await store.listBlocked(PAGE, operation.search.cursor, null);
  const found = page.keys.flatMap(({ deliveryId: id, destination, orderKey, error }) => {
    const delivery = { destination, orderKey, lastError: error, status: 'failed' } as const;
    if (!fitsDelivery(filter, { ...delivery, failureGroup: null, httpStatus: null, isReplayed: false }))
      return [];
    return [{ id, source: null, eventType: null, destination }];
  });
  return { found, leftOut: [], cursor: page.next, scanned: page.keys.length, searchedToMs: null };
}

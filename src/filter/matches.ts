import type { DeliveryStatus } from '../domain/delivery.ts';
import type { WebhookEvent } from '../domain/event.ts';
import { matchesParts } from '../domain/glob.ts';
import { keyText, type SearchKey } from '../domain/search-key.ts';
import { uuidTimeMs } from '../runtime/ids.ts';
import { resolvePointer, textOf } from '../verify/read/json-pointer.ts';
import { parseJson } from '../verify/read/parse-json.ts';
import { type RequestView, viewOf } from '../verify/read/signed-request.ts';
import { type Filter, isOfDelivery, type Match, type Term } from './filter.ts';
import type { FilterTime } from './filter-time.ts';

/** What a filter reads of a delivery. */
export type DeliverySubject = Readonly<{
  destination: string;
  status: DeliveryStatus;
  orderKey: string | null;
  lastError: string | null;
  failureGroup: string | null;
  /** Of the last attempt. */
  httpStatus: number | null;
  isReplayed: boolean;
}>;

/** What a filter reads of an event, beside its deliveries. */
export type EventSubject = Pick<
  WebhookEvent,
  'id' | 'source' | 'idempotencyKey' | 'eventType' | 'headers' | 'body' | 'method' | 'url'
>;

/**
 * Whether the event fits the terms that are not about deliveries. Relative times are refused: resolve them first.
 * @param searchKeys those of the event; null where the store has looked them up, and they fit
 */
export function fitsEvent(
  filter: Filter,
  event: EventSubject,
  searchKeys: readonly SearchKey[] | null,
): boolean {
  const reading = viewOf(event);
  return filter.every((term) => isOfDelivery(term) || termFits(term, event, reading, searchKeys));
}

/** Whether all terms about deliveries hold for this one. */
export function fitsDelivery(filter: Filter, delivery: DeliverySubject): boolean {
  return filter.every((term) => !isOfDelivery(term) || deliveryFits(term, delivery) !== term.negated);
}

function termFits(
  term: Term,
  event: EventSubject,
  reading: RequestView,
  searchKeys: readonly SearchKey[] | null,
): boolean {
  if (term.field !== 'search') return eventFits(term, event, reading) !== term.negated;
  if (searchKeys === null) return true;
  const values = term.values.map(keyText);
  const isFound = searchKeys.some(({ name, value }) => name === term.name && values.includes(value));
  return isFound !== term.negated;
}

function eventFits(term: Term, event: EventSubject, reading: RequestView): boolean {
  switch (term.field) {
    case 'source':
      return term.values.includes(event.source);
    case 'key':
      return term.values.includes(event.idempotencyKey);
    case 'id':
      return term.values.includes(event.id);
    case 'type':
      return term.patterns.some((parts) => matchesParts(event.eventType, parts));
    case 'since':
      return uuidTimeMs(event.id) >= momentOf(term);
    case 'until':
      return uuidTimeMs(event.id) < momentOf(term);
    case 'body':
      return term.values.some((text) => bufferOf(event.body).includes(text));
    case 'pointer':
      return valueFits(resolvePointer(reading.json, term.path), term);
    case 'header':
      return reading.headerAll(term.name).some((value) => textFits(value, term));
    default:
      return false;
  }
}

function deliveryFits(term: Term, delivery: DeliverySubject): boolean {
  switch (term.field) {
    case 'destination':
      return term.values.includes(delivery.destination);
    case 'status':
      return term.values.includes(delivery.status);
    case 'order':
      return delivery.orderKey !== null && term.values.includes(delivery.orderKey);
    case 'http':
      return term.values.some((value) => httpFits(value, delivery.httpStatus));
    case 'error':
      return delivery.lastError !== null && textFits(delivery.lastError, term);
    case 'group':
      return delivery.failureGroup !== null && term.values.includes(delivery.failureGroup);
    case 'replay':
      return delivery.isReplayed === term.value;
    default:
      return false;
  }
}

type TimeTerm = Readonly<{ field: string; time: FilterTime }>;

/** The moment of a time that has been resolved. */
export function momentOf({ field, time }: TimeTerm): number {
  if (time.kind === 'at') return time.atMs;
  throw new RangeError(`the time of ${field}: is relative: resolve it first`);
}

function httpFits(value: string, status: number | null): boolean {
  if (value === 'none' || status === null) return value === 'none' && status === null;
  return value.endsWith('xx') ? Math.floor(status / 100) === Number(value[0]) : status === Number(value);
}

type Wanted = Readonly<{ match: Match; values: readonly string[] }>;

function textFits(text: string, { match, values }: Wanted): boolean {
  return match === 'is' ? values.includes(text) : values.some((part) => text.includes(part));
}

/** A JSON number equals every way to write it, whatever its digits; other values are compared as texts. */
function valueFits(value: unknown, wanted: Wanted): boolean {
  const text = textOf(value);
  if (text === null) return false;
  if (textFits(text, wanted)) return true;
  if (wanted.match !== 'is' || (typeof value !== 'number' && typeof value !== 'bigint')) return false;
  return wanted.values.some((each) => isJsonNumber(each) && textOf(parseJson(each)) === text);
}

/** Whether the text is a number in JSON. */
export function isJsonNumber(text: string): boolean {
  return /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/.test(text);
}

function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

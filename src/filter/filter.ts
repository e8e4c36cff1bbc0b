import type { DeliveryStatus } from '../domain/delivery.ts';
import { type FilterTime, resolveTime } from './filter-time.ts';

/**
 * Which events are meant, as a value: every term must hold. Terms about deliveries speak of the same delivery: an event
 * fits when it has one for which all of them hold. A filter is read from text by `readFilter` and written by `printFilter`.
 */
export type Filter = readonly Term[];

/** `is`: the value itself, in its case. `contains`: the value is a part of the text. */
export type Match = 'is' | 'contains';

/** A list of values means any of them. */
export type Term = Readonly<{ negated: boolean }> &
  (
    | Readonly<{ field: 'source' | 'key' | 'id' | 'destination' | 'order'; values: readonly string[] }>
    /** Each pattern is a list of texts between which anything may stand; a list of one is the type itself. */
    | Readonly<{ field: 'type'; patterns: readonly (readonly string[])[] }>
    | Readonly<{ field: 'since' | 'until'; time: FilterTime }>
    | Readonly<{ field: 'status'; values: readonly DeliveryStatus[] }>
    /** Of the delivery's last attempt: a status (`503`), a class (`5xx`), or `none` where there was no answer. */
    | Readonly<{ field: 'http'; values: readonly string[] }>
    /** Of the delivery's last attempt. */
    | Readonly<{ field: 'error'; match: Match; values: readonly string[] }>
    /** The group of causes that a failed delivery belongs to. */
    | Readonly<{ field: 'group'; values: readonly string[] }>
    /** Whether the delivery has been replayed. */
    | Readonly<{ field: 'replay'; value: boolean }>
    /** Text in the body's bytes as they came. */
    | Readonly<{ field: 'body'; values: readonly string[] }>
    /** The value that a JSON Pointer leads to in the body. */
    | Readonly<{ field: 'pointer'; path: readonly string[]; match: Match; values: readonly string[] }>
    /** A value that the source's configuration made findable. */
    | Readonly<{ field: 'search'; name: string; values: readonly string[] }>
    /** Any value of the header. `name` is in lower case. */
    | Readonly<{ field: 'header'; name: string; match: Match; values: readonly string[] }>
  );

export type Field = Term['field'];

const DELIVERY_FIELDS: ReadonlySet<Field> = new Set<Field>([
  'destination',
  'order',
  'status',
  'http',
  'error',
  'group',
  'replay',
]);

/** Whether the term speaks of a delivery, and not of the event. */
export function isOfDelivery({ field }: Term): boolean {
  return DELIVERY_FIELDS.has(field);
}

const PAYLOAD_FIELDS: ReadonlySet<Field> = new Set<Field>(['body', 'pointer', 'header']);

/** Whether the term reads the event's body or headers. */
export function readsPayload({ field }: Term): boolean {
  return PAYLOAD_FIELDS.has(field);
}

/** Whether asking would tell a viewer what is masked for viewers. */
export function asksForMasked(term: Term): boolean {
  return readsPayload(term) || term.field === 'error' || term.field === 'search';
}

/** The same filter with every relative time as the moment that it means now. */
export function resolveFilter(filter: Filter, nowMs: number): Filter {
  return filter.map((term) => {
    if (term.field !== 'since' && term.field !== 'until') return term;
    return { ...term, time: { kind: 'at', atMs: resolveTime(term.time, nowMs) } };
  });
}

/** Bounds of a filter. */
export const FILTER_LIMITS = {
  chars: 4_096,
  terms: 32,
  /** Values of one term. */
  values: 50,
  /** Parts of a JSON Pointer. */
  depth: 32,
};

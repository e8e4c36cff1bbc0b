import type { SeededRandom } from '../../testkit/seeded-random.ts';
import { DELIVERY_STATUSES } from '../domain/delivery.ts';
import { failureGroupOf } from '../store/failure-group.ts';
import type { Filter, Match, Term } from './filter.ts';

/** Texts that are hard on quotes, encodings and patterns; the same for filters and events, so that they meet. */
export const TEXTS = [
  ...['a', 'A', 'ä', 'ä', 'ß', 'İ', '😀', '\ud83d\ude00\u200d', 'ﷺ', '\u202e', '\u00a0', '\ufeff', 'ſ'],
  ...['a b', 'a,b', '"', '\\', '\\"', '*', 'a*b', '[a]', '?', '%', '_', 'a_b', "'", "'; --", '$1', '{', '}'],
  ...[
    '/a/',
    '/',
    '~',
    '~1',
    '~0',
    '=',
    ':',
    '-',
    '-a',
    '\n',
    '\t',
    '\u0001',
    '0',
    '1',
    '1.0',
    '1e0',
    '-0',
    '100',
  ],
  ...[
    '9007199254740993',
    '0.1',
    'true',
    'null',
    'order.created',
    'order.',
    'created',
    'pi_3N',
    'x'.repeat(300),
  ],
] as const;

/** Names of members in bodies, and of headers. */
export const NAMES = [
  'a',
  'b',
  'A',
  'ä',
  '',
  '0',
  '1',
  'a/b',
  'a~b',
  'a b',
  '*',
  '__proto__',
  'length',
] as const;
export const HEADERS = ['x-shop', 'x-id', 'content-type'] as const;
export const SOURCES = ['default', 'stripe', 'shop ä'] as const;
export const TYPES = ['order.created', 'order.paid', 'a*b', 'ä', 'order', 'a b', 'Order.created'] as const;
export const DESTINATIONS = ['crm', 'erp', 'a b'] as const;
export const ORDER_KEYS = ['k1', 'k 2', 'ä'] as const;
export const SEARCH_NAMES = ['order', 'customer-id'] as const;
export const ERRORS = ['HTTP 500', 'connect ECONNREFUSED 127.0.0.1:80', 'ä "quoted" \\', 'timeout'] as const;
export const STATUSES = [null, 100, 200, 404, 429, 500, 503, 599] as const;
/** Groups of failures with these errors and statuses. */
export const GROUPS = ERRORS.flatMap((error) =>
  [null, 503].map((httpStatus) =>
    failureGroupOf({ outcome: 'succeeded', error, httpStatus, responseExcerpt: null }),
  ),
);

/** What filters are made of beside the texts above. */
export type Material = Readonly<{
  ids: readonly string[];
  keys: readonly string[];
  timesMs: readonly number[];
}>;

/** A filter of up to five terms, any of which may be negated. */
export function randomFilter(random: SeededRandom, material: Material): Filter {
  return Array.from({ length: random.int(6) }, () => randomTerm(random, material));
}

function randomTerm(random: SeededRandom, { ids, keys, timesMs }: Material): Term {
  const negated = random.chance(0.3);
  const some = <T>(from: readonly T[]): T[] =>
    Array.from({ length: 1 + random.int(3) }, () => random.pick(from));
  const match: Match = random.chance(0.5) ? 'is' : 'contains';
  const makers: readonly (() => Term)[] = [
    () => ({ negated, field: 'source', values: some(SOURCES) }),
    () => ({ negated, field: 'key', values: some(keys) }),
    () => ({ negated, field: 'id', values: some(ids) }),
    () => ({ negated, field: 'destination', values: some(DESTINATIONS) }),
    () => ({ negated, field: 'order', values: some(ORDER_KEYS) }),
    () => ({ negated, field: 'type', patterns: some([0, 1]).map(() => randomPattern(random)) }),
    () => ({ negated: false, field: 'since', time: { kind: 'at', atMs: random.pick(timesMs) } }),
    () => ({ negated: false, field: 'until', time: { kind: 'at', atMs: random.pick(timesMs) } }),
    () => ({ negated, field: 'status', values: some(DELIVERY_STATUSES) }),
    () => ({ negated, field: 'http', values: some(['5xx', '4xx', '2xx', '503', '200', 'none']) }),
    () => ({ negated, field: 'error', match, values: some([...ERRORS, 'E', 'ä', '"', '\\']) }),
    () => ({ negated, field: 'group', values: some([...GROUPS, 'ffffffffffffffff']) }),
    () => ({ negated, field: 'replay', value: random.chance(0.5) }),
    () => ({ negated, field: 'body', values: some(TEXTS) }),
    () => ({ negated, field: 'search', name: random.pick(SEARCH_NAMES), values: some(TEXTS) }),
    () => ({ negated, field: 'pointer', path: some(NAMES), match, values: some(TEXTS) }),
    () => ({ negated, field: 'header', name: random.pick(HEADERS), match, values: some(TEXTS) }),
  ];
  return random.pick(makers)();
}

function randomPattern(random: SeededRandom): string[] {
  if (random.chance(0.4)) return [random.pick(TYPES)];
  const pieces = ['', '', 'order', '.', 'created', 'a', 'b', 'ä', 'o', '[', '?'];
  return Array.from({ length: 2 + random.int(2) }, () => random.pick(pieces));
}

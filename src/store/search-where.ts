import { keyText } from '../domain/search-key.ts';
import { type Filter, isOfDelivery, type Match, type Term } from '../filter/filter.ts';
import { isJsonNumber } from '../filter/matches.ts';

/** How a driver writes what the two dialects have in different words. A value becomes the placeholder of a parameter. */
export type SearchDialect = Readonly<{
  text(value: string): string;
  bytes(value: string): string;
  number(value: number): string;
  id(value: string): string;
  /** Whether the text, or the bytes, contain the part. */
  textContains(text: string, part: string): string;
  bytesContain(bytes: string, part: string): string;
  /** Whether the text is made of the parts with anything between them. */
  fits(text: string, parts: readonly string[]): string;
  /** Whether the text contains it in whatever case. */
  mentions(text: string, word: string): string;
  /** The column of another table that has an event's id. */
  eventId: string;
  /** The condition that the delivery `d` is one of the event `e`. */
  ofEvent: string;
  /** The HTTP status of the last attempt of the delivery `d`, or null. */
  lastHttpStatus: string;
  /** The condition that the delivery `d` has been replayed. */
  isReplayed: string;
  /** The first two bytes of the body are a byte order mark of UTF-16. */
  isUtf16: string;
}>;

/**
 * The filter as a condition on an event `e`, times excepted, which are a range of ids. It holds for every event that
 * fits. Where `isExact` is false it may hold for others: JSON and headers are only read by the evaluator, so the
 * condition merely leaves out events whose bytes cannot fit.
 */
export function searchWhere(
  filter: Filter,
  dialect: SearchDialect,
): Readonly<{ sql: string; isExact: boolean }> {
  const ofDeliveries = filter.filter(isOfDelivery);
  const conditions = filter.flatMap((term) => (isOfDelivery(term) ? [] : eventCondition(term, dialect)));
  if (ofDeliveries.length > 0) {
    const own = ofDeliveries.map((term) => signed(term, deliveryCondition(term, dialect)));
    conditions.push(`exists (select 1 from deliveries d where ${[dialect.ofEvent, ...own].join(' and ')})`);
  }
  return {
    sql: conditions.length === 0 ? 'true' : conditions.join('\n  and '),
    isExact: !filter.some(isCoarse),
  };
}

/** Whether the condition only leaves out what cannot fit. */
function isCoarse({ field }: Term): boolean {
  return field === 'pointer' || field === 'header';
}

function eventCondition(term: Term, dialect: SearchDialect): string[] {
  const { text, id } = dialect;
  switch (term.field) {
    case 'source':
      return [signed(term, `e.source in (${term.values.map(text).join()})`)];
    case 'key':
      return [signed(term, `e.idempotency_key in (${term.values.map(text).join()})`)];
    case 'id':
      return [signed(term, `e.id in (${term.values.map(id).join()})`)];
    case 'type':
      return [signed(term, any(term.patterns.map((parts) => dialect.fits('e.event_type', parts))))];
    case 'body':
      return [signed(term, any(term.values.map((part) => dialect.bytesContain('e.body', part))))];
    case 'search': {
      const values = term.values.map((value) => text(keyText(value))).join();
      const found = `s.${dialect.eventId} = e.id and s.name = ${text(term.name)} and s.value in (${values})`;
      return [signed(term, `exists (select 1 from event_search s where ${found})`)];
    }
    case 'header':
      return term.negated ? [] : [any(term.values.map((value) => headerMayFit(term.match, value, dialect)))];
    case 'pointer':
      return term.negated ? [] : [bodyMayFit(term, dialect)];
    default:
      return [];
  }
}

function deliveryCondition(term: Term, dialect: SearchDialect): string {
  const { text } = dialect;
  switch (term.field) {
    case 'destination':
      return `d.destination in (${term.values.map(text).join()})`;
    case 'status':
      return `d.status in (${term.values.map(text).join()})`;
    case 'order':
      return `coalesce(d.order_key, '') in (${term.values.map(text).join()})`;
    case 'http':
      return any(term.values.map((value) => httpCondition(value, dialect)));
    case 'error': {
      const error = `coalesce(d.last_error, '')`;
      if (term.match === 'is') return `${error} in (${term.values.map(text).join()})`;
      return any(term.values.map((part) => dialect.textContains(error, part)));
    }
    case 'group':
      return `coalesce(d.failure_group, '') in (${term.values.map(text).join()})`;
    case 'replay':
      return term.value ? dialect.isReplayed : `not ${dialect.isReplayed}`;
    default:
      throw new RangeError(`${term.field} is no term about deliveries`);
  }
}

function httpCondition(value: string, { lastHttpStatus, number }: SearchDialect): string {
  if (value === 'none') return `${lastHttpStatus} is null`;
  const status = `coalesce(${lastHttpStatus}, 0)`;
  if (!value.endsWith('xx')) return `${status} = ${number(Number(value))}`;
  const first = 100 * Number(value[0]);
  return `${status} between ${number(first)} and ${number(first + 99)}`;
}

/** Headers are stored as JSON, in which a text has one form. */
function headerMayFit(match: Match, value: string, { textContains }: SearchDialect): string {
  const json = JSON.stringify(value);
  return textContains('e.headers', match === 'is' ? json : json.slice(1, -1));
}

/**
 * The value, and the name of the member that has it, are in the bytes as they are or with escapes; unless the body is
 * compressed or in another encoding, which only its reader knows.
 */
function bodyMayFit(term: Extract<Term, { field: 'pointer' }>, dialect: SearchDialect): string {
  const name = term.path.findLast((part) => !/^\d+$/.test(part)) ?? '';
  const texts = term.values.map((value) => (mayBeNumber(term.match, value) ? '' : value));
  const inBytes = [[name], texts]
    .filter((group) => !group.includes(''))
    .map((group) =>
      any(
        group.flatMap((text) => [text, escapeIn(text)]).map((part) => dialect.bytesContain('e.body', part)),
      ),
    );
  if (inBytes.length === 0) return 'true';
  const isOther = [
    dialect.mentions('e.headers', 'content-encoding'),
    `(${dialect.mentions('e.content_type', 'charset')} and not ${dialect.mentions('e.content_type', 'utf-8')})`,
    dialect.isUtf16,
  ];
  return `(${inBytes.join(' and ')} or ${isOther.join(' or ')})`;
}

/** Whether it may be the text of a number, which has other forms in JSON. */
function mayBeNumber(match: Match, value: string): boolean {
  return match === 'is' ? isJsonNumber(value) : /^[-+.\dInfityeNa]*$/.test(value);
}

/** What is in the bytes if the text is there with an escape. */
function escapeIn(text: string): string {
  return /["\\/\p{Cc}]/u.test(text) ? '\\' : '\\u';
}

function signed({ negated }: Term, condition: string): string {
  return negated ? `not (${condition})` : condition;
}

function any(conditions: readonly string[]): string {
  return conditions.length === 1 ? conditions[0]! : `(${conditions.join(' or ')})`;
}

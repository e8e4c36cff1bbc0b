import { DELIVERY_STATUSES, type DeliveryStatus } from '../domain/delivery.ts';
import { UUID_PATTERN } from '../runtime/ids.ts';
import { nearest } from '../schema/nearest.ts';
import type { FilterText, Written } from './filter-text.ts';
import { readTime, TIME_TAKES } from './filter-time.ts';
import { readHeaderTerm, readPointerTerm, startsPointer } from './read-payload-term.ts';

/** How a term begins. */
export type TermStart = Readonly<{
  start: number;
  negated: boolean;
  name: string;
  /** `name~` instead of `name:`. */
  contains: boolean;
}>;

/** The term without its negation. The text stands behind the sign. */
type ReadTerm = (reader: FilterText, start: TermStart) => object;

const UUID = new RegExp(`^${UUID_PATTERN}$`, 'i');
const GROUP_TAKES = '16 digits from 0 to f, as the list of failures shows them';
const HTTP_TAKES = 'a status such as 503, a class such as 5xx, or none';

/** The fields by their names. */
export const READERS: Readonly<Record<string, ReadTerm>> = {
  source: (reader, start) => exact(reader, start, 'source', 'the name of a source'),
  type: readTypeTerm,
  status: (reader, start) => {
    const takes = `one of ${DELIVERY_STATUSES.join(', ')}`;
    const values = exactTexts(reader, start, takes).map(({ text, at, length }) => {
      if (DELIVERY_STATUSES.includes(text as DeliveryStatus)) return text;
      const meant = nearest(text.slice(0, 40), DELIVERY_STATUSES);
      const hint = meant === null ? takes : `${takes}; the nearest is ${meant}`;
      return reader.fail(at, length, `${shown(text)} is no status`, hint);
    });
    return { field: 'status', values };
  },
  destination: (reader, start) => exact(reader, start, 'destination', 'the name of a destination'),
  key: (reader, start) => exact(reader, start, 'key', 'an idempotency key'),
  id: readIdTerm,
  order: (reader, start) => exact(reader, start, 'order', 'an order key'),
  http: (reader, start) => {
    const values = exactTexts(reader, start, HTTP_TAKES).map(({ text, at, length }) => {
      const lower = text.toLowerCase();
      if (/^(?:[1-5]\d\d|[1-5]xx|none)$/.test(lower)) return lower;
      return reader.fail(at, length, `${shown(text)} is no HTTP status`, HTTP_TAKES);
    });
    return { field: 'http', values };
  },
  error: (reader, { contains }) => {
    const takes = contains ? 'a part of an error, in quotes' : 'a whole error, in quotes';
    return { field: 'error', match: contains ? 'contains' : 'is', values: textsOf(reader, takes) };
  },
  group: (reader, start) => {
    const values = exactTexts(reader, start, GROUP_TAKES).map(({ text, at, length }) =>
      /^[\da-f]{16}$/.test(text)
        ? text
        : reader.fail(at, length, `${shown(text)} is no group of failures`, GROUP_TAKES),
    );
    return { field: 'group', values };
  },
  replay: readReplayTerm,
  since: readTimeTerm,
  until: readTimeTerm,
  search: readSearchTerm,
  body: readBodyTerm,
  header: (reader, start) => {
    if (start.contains) {
      const takes = 'the name of the header: header:x-shop~"text"';
      reader.fail(start.start, reader.at - start.start, 'a header is missing', takes);
    }
    return readHeaderTerm(reader, (takes) => textsOf(reader, takes));
  },
};

function readTypeTerm(reader: FilterText, start: TermStart): object {
  const takes = 'an event type, in which * stands for any text';
  refuseContains(reader, start);
  const patterns = reader.values(takes).map((written) => {
    refusePattern(reader, written);
    return written.parts;
  });
  return { field: 'type', patterns };
}

function readIdTerm(reader: FilterText, start: TermStart): object {
  const takes = 'the id of an event: a UUID';
  const values = exactTexts(reader, start, takes).map(({ text, at, length }) => {
    if (!UUID.test(text)) reader.fail(at, length, `${shown(text)} is no id`, takes);
    if (text.endsWith('0000')) return text.toLowerCase();
    const event = `${text.slice(0, -4)}0000`.toLowerCase();
    return reader.fail(at, length, 'this is the id of a delivery', `the id of its event: ${event}`);
  });
  return { field: 'id', values };
}

function readReplayTerm(reader: FilterText, start: TermStart): object {
  const takes = 'yes (it has been replayed) or no';
  const [one, another] = exactTexts(reader, start, takes);
  if (another !== undefined) reader.fail(another.at, another.length, 'this is one value too many', takes);
  const { text, at, length } = one!;
  if (text !== 'yes' && text !== 'no') reader.fail(at, length, `${shown(text)} is neither yes nor no`, takes);
  return { field: 'replay', value: text === 'yes' };
}

function readTimeTerm(reader: FilterText, start: TermStart): object {
  const { name, negated } = start;
  if (negated) {
    const other = name === 'since' ? 'until' : 'since';
    reader.fail(start.start, 1, `${name} is not negated`, `${other}: with the same time`);
  }
  const [one, another] = exactTexts(reader, start, TIME_TAKES);
  if (another !== undefined) reader.fail(another.at, another.length, 'this is one time too many', TIME_TAKES);
  const { text, at, length } = one!;
  const time = readTime(text) ?? reader.fail(at, length, `${shown(text)} is no time`, TIME_TAKES);
  return { field: name, time };
}

function readSearchTerm(reader: FilterText, start: TermStart): object {
  refuseContains(reader, start);
  const at = reader.at;
  const name = reader.take(/[\w-]*/y);
  if (name === '') reader.fail(at, 1, 'a search key is missing', 'the name of a search key: search:order=42');
  if (!reader.takes('='))
    reader.fail(reader.at, 1, 'a value is missing', '= and the whole value of the search key');
  return { field: 'search', name, values: textsOf(reader, 'a text, in quotes if it has spaces or commas') };
}

function readBodyTerm(reader: FilterText, start: TermStart): object {
  if (start.contains)
    return { field: 'body', values: textsOf(reader, 'a text to find in bodies, in quotes') };
  if (startsPointer(reader)) return readPointerTerm(reader, (takes) => textsOf(reader, takes));
  const takes = 'body~"text" for text in bodies, or a JSON Pointer: body:/data/id=value';
  return reader.fail(start.start, reader.at - start.start, 'a body is not compared as a whole', takes);
}

function exact(reader: FilterText, start: TermStart, field: string, takes: string): object {
  return { field, values: exactTexts(reader, start, takes).map(({ text }) => text) };
}

type ExactText = Readonly<{ text: string; at: number; length: number }>;

/** Values that are compared as a whole. */
function exactTexts(reader: FilterText, start: TermStart, takes: string): ExactText[] {
  refuseContains(reader, start);
  return textValues(reader, takes);
}

/** The texts of a list whose stars are no wildcards. */
function textsOf(reader: FilterText, takes: string): string[] {
  return textValues(reader, takes).map(({ text }) => text);
}

function textValues(reader: FilterText, takes: string): ExactText[] {
  return reader.values(takes).map((written) => {
    const { at, length, parts } = written;
    refusePattern(reader, written);
    if (parts.length > 1) {
      const star = reader.text.indexOf('*', at);
      reader.fail(star, 1, '* is a wildcard in type: alone', 'quotes around a value that has a *');
    }
    return { text: parts[0]!, at, length };
  });
}

/** A text between slashes is meant as a regular expression, which would match nothing as it stands. */
function refusePattern(reader: FilterText, { at, length, isQuoted }: Written): void {
  if (isQuoted || !/^\/.+\/[a-z]*$/s.test(reader.text.slice(at, at + length))) return;
  reader.fail(
    at,
    length,
    'regular expressions are not taken',
    'a text, in quotes if it has slashes around it',
  );
}

function refuseContains(reader: FilterText, { start, name, contains }: TermStart): void {
  if (!contains) return;
  const place = reader.at - 1;
  const takes = `${name}: (~ finds a part in body, header, error and JSON Pointers)`;
  reader.fail(start, place + 1 - start, `${name} is compared as a whole`, takes);
}

function shown(text: string): string {
  return JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}…` : text);
}

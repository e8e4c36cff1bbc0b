import { FILTER_LIMITS } from './filter.ts';
import type { FilterText } from './filter-text.ts';

const VALUE_TAKES = 'a text, in quotes if it has spaces or commas';

/** The rest of a term that names a place in the payload: `=value` or `~value`. */
function readMatch(reader: FilterText, values: (takes: string) => readonly string[], hint: string): object {
  if (reader.takes('=')) return { match: 'is', values: values(VALUE_TAKES) };
  if (reader.takes('~')) return { match: 'contains', values: values(VALUE_TAKES) };
  return reader.fail(reader.at, 1, 'a value is missing', hint);
}

export function startsPointer(reader: FilterText): boolean {
  const next = reader.text[reader.at];
  return next === '/' || (next === '"' && reader.text[reader.at + 1] === '/');
}

/** `/data/object/id=value`; a pointer with other characters stands in quotes. */
export function readPointerTerm(reader: FilterText, values: (takes: string) => readonly string[]): object {
  const start = reader.at;
  const isQuoted = reader.text[start] === '"';
  // ~0 and ~1 are escapes of a pointer (RFC 6901), any other ~ ends it.
  const pointer = isQuoted ? reader.quoted() : reader.take(/(?:[^\s"=~]|~[01])*/y);
  const length = reader.at - start;
  const path = pointer
    .slice(1)
    .split('/')
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
  const { depth } = FILTER_LIMITS;
  if (path.length > depth) {
    reader.fail(start, length, `the JSON Pointer has ${path.length} parts`, `at most ${depth}`);
  }
  const unescaped = /~(?![01])/.exec(pointer);
  if (unescaped !== null) {
    reader.fail(
      start + 1 + unescaped.index,
      1,
      'the ~ of a JSON Pointer is not escaped',
      '~0 for ~, ~1 for /',
    );
  }
  const star = isQuoted ? -1 : pointer.indexOf('*');
  if (star !== -1) {
    reader.fail(
      start + star,
      1,
      '* is no wildcard in a JSON Pointer',
      'a name or an index such as /items/0/id',
    );
  }
  const hint = '= or ~ and a value (~0 and ~1 belong to the pointer: put a value that begins so in quotes)';
  return { field: 'pointer', path, ...readMatch(reader, values, hint) };
}

/** `x-shop=value` */
export function readHeaderTerm(reader: FilterText, values: (takes: string) => readonly string[]): object {
  const start = reader.at;
  // The characters of a name (RFC 9110, section 5.6.2), of which ~ is the sign here.
  const name = reader.take(/[!#$%&'*+\-.^_`|\dA-Za-z]*/y);
  if (name === '') reader.fail(start, 1, 'a header is missing', 'the name of a header: header:x-shop=value');
  if (name.includes('*')) {
    reader.fail(start + name.indexOf('*'), 1, '* is no wildcard here', 'the whole name of a header');
  }
  const hint = '= and the value of the header, or ~ and a part of it';
  return { field: 'header', name: name.toLowerCase(), ...readMatch(reader, values, hint) };
}

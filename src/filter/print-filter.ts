import type { Filter, Match, Term } from './filter.ts';
import { printTime } from './filter-time.ts';

/** The one text of a filter: `readFilter` makes the same filter of it. */
export function printFilter(filter: Filter): string {
  return filter.map((term) => `${term.negated ? '-' : ''}${printTerm(term)}`).join(' ');
}

function printTerm(term: Term): string {
  switch (term.field) {
    case 'since':
    case 'until':
      return `${term.field}:${printTime(term.time)}`;
    case 'replay':
      return `replay:${term.value ? 'yes' : 'no'}`;
    case 'type':
      return `type:${term.patterns.map((parts) => parts.map(printPart).join('*')).join()}`;
    case 'error':
      return `error${term.match === 'is' ? ':' : '~'}${term.values.map(quote).join()}`;
    case 'body':
      return `body~${term.values.map(quote).join()}`;
    case 'pointer':
      return `body:${printPointer(term.path)}${printMatch(term)}`;
    case 'search':
      return `search:${term.name}=${term.values.map(printText).join()}`;
    case 'header':
      return `header:${term.name}${printMatch(term)}`;
    default:
      return `${term.field}:${term.values.map(printText).join()}`;
  }
}

function printMatch({ match, values }: Readonly<{ match: Match; values: readonly string[] }>): string {
  // In quotes a part that begins with 0 or 1 is no escape of the pointer before it.
  return match === 'is' ? `=${values.map(printText).join()}` : `~${values.map(quote).join()}`;
}

function printPointer(path: readonly string[]): string {
  const text = path.map((part) => `/${part.replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
  return /^[\w/~.:@-]+$/.test(text) ? text : quote(text);
}

/** Characters that stand for themselves anywhere in a value; a text of others is put in quotes. */
const PLAIN = /^[\w.:@+#%&/=~-]+$/;

function printText(text: string): string {
  return PLAIN.test(text) && !text.startsWith('/') ? text : quote(text);
}

/** A piece between two stars, which may be empty. */
function printPart(part: string): string {
  return part === '' ? '' : printText(part);
}

function quote(text: string): string {
  return `"${text.replaceAll(/["\\]/g, '\\$&')}"`;
}

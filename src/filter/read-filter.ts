import { nearest } from '../schema/nearest.ts';
import { FILTER_LIMITS, type Filter, type Term } from './filter.ts';
import { type FilterMistake, FilterText, MistakeFound } from './filter-text.ts';
import { READERS } from './read-term.ts';

export type FilterReading =
  | Readonly<{ kind: 'read'; filter: Filter }>
  | Readonly<{ kind: 'mistaken'; mistake: FilterMistake }>;

const NAMES = Object.keys(READERS);
const TERM_TAKES = 'a term such as status:failed, or body~"text" for text in bodies';

/** Reads a filter. The empty text is the filter that every event fits. */
export function readFilter(text: string): FilterReading {
  const reader = new FilterText(text);
  try {
    refuseText(reader);
    return { kind: 'read', filter: readTerms(reader) };
  } catch (error) {
    if (error instanceof MistakeFound) return { kind: 'mistaken', mistake: error.mistake };
    throw error;
  }
}

/** The mistake in a sentence, its place counted from 1. */
export function describeMistake({ at, problem, expected }: FilterMistake): string {
  return `character ${at + 1}: ${problem}; expected ${expected}`;
}

function refuseText(reader: FilterText): void {
  const { text } = reader;
  const { chars } = FILTER_LIMITS;
  if (text.length > chars) {
    reader.fail(chars, text.length - chars, `the filter has ${text.length} characters`, `at most ${chars}`);
  }
  const odd = /[\0\p{Surrogate}]/u.exec(text);
  if (odd !== null) {
    const what = odd[0] === '\0' ? 'the character NUL' : 'half a character (a lone surrogate)';
    reader.fail(odd.index, 1, `${what} is in no stored text`, 'the text without it');
  }
}

function readTerms(reader: FilterText): Term[] {
  const terms: Term[] = [];
  for (;;) {
    reader.skipSpace();
    if (reader.isAtEnd()) return terms;
    const start = reader.at;
    terms.push(readTerm(reader));
    if (!reader.isAtBreak()) {
      reader.fail(reader.at, 1, 'the term does not end here', 'a space between terms');
    }
    const { terms: most } = FILTER_LIMITS;
    if (terms.length > most) {
      reader.fail(start, reader.at - start, `the filter has more than ${most} terms`, `at most ${most}`);
    }
  }
}

function readTerm(reader: FilterText): Term {
  const start = reader.at;
  const negated = reader.takes('-');
  const nameAt = reader.at;
  const name = reader.take(/[A-Za-z_]*/y);
  const sign = reader.text[reader.at];
  if (name === '' || (sign !== ':' && sign !== '~')) {
    const word = reader.text.slice(start).split(/[ \t\r\n]/, 1)[0]!;
    const shown = word.length > 40 ? `${word.slice(0, 40)}…` : word;
    reader.fail(start, Math.max(1, word.length), `${JSON.stringify(shown)} is no term`, TERM_TAKES);
  }
  const read = Object.hasOwn(READERS, name) ? READERS[name] : undefined;
  if (read === undefined) {
    const meant = nearest(name, NAMES);
    const expected = meant === null ? `one of ${NAMES.join(', ')}` : `${meant}, the nearest name`;
    reader.fail(nameAt, name.length, `there is no field ${JSON.stringify(name)}`, expected);
  }
  reader.at += 1;
  return { ...read(reader, { start, negated, name, contains: sign === '~' }), negated } as Term;
}

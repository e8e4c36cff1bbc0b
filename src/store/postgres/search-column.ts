import type { Filter, Term } from '../../filter/filter.ts';
import { distinct } from '../plan-search.ts';

/** By the index of a column. */
export type ColumnPath = Readonly<{
  kind: 'column';
  column: 'source' | 'event_type';
  values: readonly string[];
}>;

/** Longer lists of values are compared row by row. */
const MOST_MERGED = 16;

/** The values of a column that an index leads to: types are fewer among the events than sources. */
export function columnOf(filter: Filter): ColumnPath | null {
  const stated = filter.filter(({ negated }) => !negated);
  const types = firstOf(stated, typesOf);
  if (types !== null) return { kind: 'column', column: 'event_type', values: types };
  const sources = firstOf(stated, (term) => (term.field === 'source' ? term.values : null));
  return sources === null ? null : { kind: 'column', column: 'source', values: sources };
}

function firstOf(
  terms: Filter,
  valuesOf: (term: Term) => readonly string[] | null,
): readonly string[] | null {
  for (const term of terms) {
    const values = valuesOf(term);
    if (values !== null && values.length <= MOST_MERGED) return distinct(values);
  }
  return null;
}

function typesOf(term: Term): readonly string[] | null {
  const isExact = term.field === 'type' && term.patterns.every(({ length }) => length === 1);
  return isExact ? term.patterns.map(([text]) => text!) : null;
}

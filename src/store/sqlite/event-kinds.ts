import type { DatabaseSync } from 'node:sqlite';
import type { Filter } from '../../filter/filter.ts';
import { prepareRows } from './prepare-rows.ts';

/** A source and a type that some events have together. */
export type Kind = Readonly<{ source: string; eventType: string }>;

/** More of them are not looked up one by one. */
const MOST_KINDS = 2_000;

/**
 * Lists the sources and types of written blocks that fit, by one look-up for each: what terms name is not looked for among
 * the others.
 * @returns null when there are too many
 */
export function prepareKinds(
  db: DatabaseSync,
): (terms: Filter, fits: (source: string, eventType: string) => boolean) => readonly Kind[] | null {
  type Next = Readonly<{ value: string }>;
  const nextSource = prepareRows<Next>(
    db,
    'select source as value from event_postings where source >= ? order by source limit 1',
  );
  const nextType = prepareRows<Next>(
    db,
    `select event_type as value from event_postings where source = ? and event_type >= ? order by event_type limit 1`,
  );
  return (terms, fits) => {
    const kinds: Kind[] = [];
    const sources = namedSources(terms) ?? walk((from) => nextSource.get(from)?.value);
    const types = namedTypes(terms);
    let looked = 0;
    for (const source of sources) {
      for (const eventType of types ?? walk((from) => nextType.get(source, from)?.value)) {
        looked += 1;
        if (looked > MOST_KINDS) return null;
        if (fits(source, eventType)) kinds.push({ source, eventType });
      }
    }
    return kinds;
  };
}

/** Each value once, in ascending order. @param next finds the first one from a text on */
function* walk(next: (from: string) => string | undefined): Generator<string> {
  for (let value = next(''); value !== undefined; value = next(`${value}\0`)) yield value;
}

function namedSources(terms: Filter): readonly string[] | null {
  for (const term of terms) if (term.field === 'source' && !term.negated) return [...new Set(term.values)];
  return null;
}

/** Of a term without `*`, or null. */
function namedTypes(terms: Filter): readonly string[] | null {
  for (const term of terms) {
    if (term.field !== 'type' || term.negated || term.patterns.some(({ length }) => length > 1)) continue;
    return [...new Set(term.patterns.map(([text]) => text!))];
  }
  return null;
}

import type { Filter, Term } from '../../filter/filter.ts';
import { fitsEvent } from '../../filter/matches.ts';
import { distinct } from '../plan-search.ts';
import type { Query, Statement } from './database.ts';

/** A source and a type that some events have together. */
export type Kind = Readonly<{ source: string; eventType: string }>;

/** More of them are not looked up one by one. */
export const MOST_KINDS = 2_000;

/** The sources of all ranges, by one look-up each. */
export const SOURCES_OF_RANGES: Statement<{ source: string }> = {
  name: 'sources_of_ranges',
  text: `
with recursive walked (source) as (
  (select source from event_ranges order by source limit 1)
  union all
  select (select r.source from event_ranges r where r.source > w.source order by r.source limit 1)
  from walked w where w.source is not null
)
select source from walked where source is not null limit ${MOST_KINDS + 1}`,
};

/** The types of these sources, by one look-up each. */
export const TYPES_OF_SOURCES: Statement<{ source: string; event_type: string }> = {
  name: 'types_of_sources',
  text: `
select s.source, t.event_type from unnest($1::text[]) as s (source) cross join lateral (
  with recursive walked (event_type) as (
    (select event_type from event_ranges where source = s.source order by event_type limit 1)
    union all
    select (
      select r.event_type from event_ranges r where r.source = s.source and r.event_type > w.event_type
      order by r.event_type limit 1
    )
    from walked w where w.event_type is not null
  )
  select event_type from walked where event_type is not null limit ${MOST_KINDS + 1}
) t limit ${MOST_KINDS + 1}`,
};

/**
 * Lists the sources and types that fit; what terms name is not looked for among the others.
 * @returns null when there are too many
 */
export async function kindsOf(query: Query, filter: Filter): Promise<readonly Kind[] | null> {
  const terms = filter.filter(isOfKind);
  const sources = namedSources(terms) ?? (await query(SOURCES_OF_RANGES)).map(({ source }) => source);
  if (sources.length > MOST_KINDS) return null;
  const types = namedTypes(terms);
  const kinds =
    types === null
      ? (await query(TYPES_OF_SOURCES, [sources])).map(({ source, event_type: eventType }) => ({
          source,
          eventType,
        }))
      : sources.flatMap((source) => types.map((eventType) => ({ source, eventType })));
  if (kinds.length > MOST_KINDS) return null;
  return kinds.filter((kind) => fitsEvent(terms, { ...NOTHING, ...kind }, null));
}

export function isOfKind({ field }: Term): boolean {
  return field === 'source' || field === 'type';
}

const NOTHING = { id: '', idempotencyKey: '', headers: [], body: new Uint8Array(0), method: '', url: '' };

function namedSources(terms: Filter): readonly string[] | null {
  for (const term of terms) if (term.field === 'source' && !term.negated) return distinct(term.values);
  return null;
}

/** Of a term without `*`, or null. */
function namedTypes(terms: Filter): readonly string[] | null {
  for (const term of terms) {
    if (term.field !== 'type' || term.negated || term.patterns.some(({ length }) => length > 1)) continue;
    return distinct(term.patterns.map(([text]) => text!));
  }
  return null;
}

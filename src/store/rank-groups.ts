import { MAX_FAILURE_GROUPS } from './failure-group.ts';
import type { FailureGroup } from './port/failures.ts';

export type CountedGroup = Omit<FailureGroup, 'sample'>;

/** Groups that are gathered before the smallest of them join the rest, so that memory is bounded. */
const MOST_GATHERED = 4_000;

/**
 * Ranks the groups of destinations: the largest first, then those with the latest failure, and what is beyond
 * MAX_FAILURE_GROUPS as one, last.
 * @param counted by destination
 */
export function rankGroups(counted: Iterable<CountedGroup>): readonly CountedGroup[] {
  const ranked: CountedGroup[] = [];
  let gathered: CountedGroup[] = [];
  for (const group of counted) {
    if (gathered.length > 0 && gathered[0]!.destination !== group.destination) {
      ranked.push(...rankOf(gathered, MAX_FAILURE_GROUPS));
      gathered = [];
    }
    gathered.push(group);
    if (gathered.length === MOST_GATHERED) gathered = rankOf(gathered, MOST_GATHERED / 2);
  }
  return [...ranked, ...rankOf(gathered, MAX_FAILURE_GROUPS)];
}

/** The first so many of one destination, and the rest as one. */
function rankOf(groups: readonly CountedGroup[], most: number): CountedGroup[] {
  const named = groups.filter(({ group }) => group !== null).sort(bySize);
  const rest = [...groups.filter(({ group }) => group === null), ...named.slice(most)];
  return rest.length === 0 ? named : [...named.slice(0, most), { ...rest.reduce(merge), group: null }];
}

/** Of equal size and time, the name decides, so that all drivers say the same. */
function bySize(a: CountedGroup, b: CountedGroup): number {
  return b.count - a.count || b.lastAtMs - a.lastAtMs || (a.group! < b.group! ? -1 : 1);
}

function merge(a: CountedGroup, b: CountedGroup): CountedGroup {
  return {
    ...a,
    count: a.count + b.count,
    firstAtMs: Math.min(a.firstAtMs, b.firstAtMs),
    lastAtMs: Math.max(a.lastAtMs, b.lastAtMs),
  };
}

import type { BreakerRules } from './breaker.ts';
import { compileGlob } from './glob.ts';
import type { DestinationOrder } from './order.ts';
import type { RetryPolicy } from './retry-policy.ts';

/** A destination as the core sees it: its name, its filters and its limits. Its handler knows how it processes. */
export type Destination = Readonly<{
  name: string;
  /** Globs; the destination takes an event when one of `sources` and one of `events` match. */
  sources: readonly string[];
  events: readonly string[];
  /** Most deliveries in progress at once. */
  concurrency: number;
  timeoutMs: number;
  retry: RetryPolicy;
  /** Null if deliveries need not wait for each other. */
  order: DestinationOrder | null;
  /** Most deliveries a second, of all nodes together, or null. */
  rate: number | null;
  /** Null without a breaker. */
  breaker: BreakerRules | null;
}>;

/** The names of the destinations that take an event, in configured order. */
export type Router = (source: string, eventType: string) => readonly string[];

/** Most pairs of a source and a type whose destinations are remembered. Types are chosen by strangers. */
const MAX_REMEMBERED = 1_000;

/** Compiles the filters of all destinations once, and remembers what they said: with many destinations they cost more than an insert. */
export function createRouter(destinations: readonly Destination[]): Router {
  const filters = destinations.map((destination) => ({
    name: destination.name,
    sources: destination.sources.map(compileGlob),
    events: destination.events.map(compileGlob),
  }));
  const find: Router = (source, eventType) =>
    filters
      .filter(
        ({ sources, events }) =>
          sources.some((fits) => fits(source)) && events.some((fits) => fits(eventType)),
      )
      .map(({ name }) => name);
  const bySource = new Map<string, Map<string, readonly string[]>>();
  let remembered = 0;
  return (source, eventType) => {
    const known = bySource.get(source)?.get(eventType);
    if (known !== undefined) return known;
    if (remembered === MAX_REMEMBERED) {
      bySource.clear();
      remembered = 0;
    }
    const found = find(source, eventType);
    const ofSource = bySource.get(source) ?? new Map<string, readonly string[]>();
    bySource.set(source, ofSource.set(eventType, found));
    remembered += 1;
    return found;
  };
}

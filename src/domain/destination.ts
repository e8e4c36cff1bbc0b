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

/** Compiles the filters of all destinations once. */
export function createRouter(destinations: readonly Destination[]): Router {
  const filters = destinations.map((destination) => ({
    name: destination.name,
    sources: destination.sources.map(compileGlob),
    events: destination.events.map(compileGlob),
  }));
  return (source, eventType) => {
    const wanting: string[] = [];
    for (const { name, sources, events } of filters) {
      if (sources.some((fits) => fits(source)) && events.some((fits) => fits(eventType))) wanting.push(name);
    }
    return wanting;
  };
}

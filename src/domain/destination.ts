import { compileGlob } from './glob.ts';
import type { DestinationOrder } from './order.ts';
import type { RetryPolicy } from './retry-policy.ts';

/** Who processes, as the core sees it: a name, what it wants, and its limits. How it processes is its handler's. */
export type Destination = Readonly<{
  name: string;
  /** Globs; an event is wanted when one of each fits. */
  sources: readonly string[];
  events: readonly string[];
  /** Most deliveries at work at once. */
  concurrency: number;
  timeoutMs: number;
  retry: RetryPolicy;
  /** Null where deliveries need not wait for each other. */
  order: DestinationOrder | null;
}>;

/** Which destinations want an event, by name and in configured order. */
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

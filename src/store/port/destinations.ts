import type { AuditEntry } from '../../domain/audit.ts';
import type { DestinationState } from '../../domain/destination-state.ts';

/** What is kept of a destination, and the number of the change that made it; 0: nothing is kept. */
export type KeptDestination = Readonly<{ destination: string; version: number; state: DestinationState }>;

/** Due times. */
export type HoldRange = Readonly<{ fromMs: number; untilMs: number }>;

/** What a page of marking came to; `next` continues it. */
export type HoldPage = Readonly<{ held: number; next: string | null }>;

/** Destinations that are held, limited or tripped. */
export interface DestinationStore {
  /** Of all destinations whose state was ever changed. */
  readDestinations(): Promise<readonly KeptDestination[]>;
  /** Writes the state with the next version, and the entry, if there is one. `outdated`: the version is not this one any more, and nothing changed. */
  changeDestination(
    destination: string,
    version: number,
    state: DestinationState,
    audit: AuditEntry | null,
  ): Promise<'changed' | 'outdated'>;
  /** How many of the destination's pending deliveries are not held. */
  countUnheld(destination: string): Promise<number>;
  /**
   * Marks pending deliveries of a destination as held: those whose due time is in the range, whose ends belong to it. A
   * retry that is due at `nowMs` is due since its creation instead: it waits for the destination, like what was accepted
   * after it. Looks at up to `limit` deliveries, the first due first; `after` is the `next` of the page before.
   */
  holdPending(
    destination: string,
    range: HoldRange,
    nowMs: number,
    limit: number,
    after: string | null,
  ): Promise<HoldPage>;
}

import type { AuditEntry } from '../../domain/audit.ts';
import type { Delivery } from '../../domain/delivery.ts';

/** What an erase does to one event, or would do. */
export const ERASE_STATES = ['erased', 'erased_before', 'open', 'unknown'] as const;

/** `open`: a delivery of the event is pending or processing, and nothing was erased. */
export type EraseState = (typeof ERASE_STATES)[number];

export type EraseOutcome = Readonly<{
  /** Of each event, in the order of the ids. */
  states: readonly EraseState[];
  /** Deliveries that are due now, because an erased one blocked their order key. */
  due: readonly Pick<Delivery, 'id' | 'destination'>[];
}>;

/** An event that an erase was asked for. `erased`: it could be, or was just now. */
export type Erasable = Readonly<{ id: string; state: EraseState }>;

/** A page of events in the order of their ids; `next` continues it. */
export type ErasablePage = Readonly<{ events: readonly Erasable[]; next: string | null }>;

/** What is left of erased events beside the tables. */
export type TracesOutcome =
  | Readonly<{ kind: 'removed' }>
  /** These read the -wal file, or what was there before; the store tries again by itself until they have ended. */
  | Readonly<{ kind: 'held'; readers: readonly string[] }>
  /** PostgreSQL keeps old versions of rows until VACUUM FULL and a checkpoint. */
  | Readonly<{ kind: 'left_to_vacuum' }>;

/**
 * Erases events: body, headers, URL, errors, excerpts of answers, and order keys. Their ids, sources, types, times and
 * outcomes stay. Their keys and marks stay as keyed hashes alone, so that a provider that sends one again is answered as
 * before and nothing is stored.
 */
export interface EraseStore {
  /**
   * Erases events, each in one transaction with its audit row. An event with an open delivery is left as it is. A
   * delivery that blocks its order key passes its turn, since it can never be replayed.
   * @param audit who asked; the target of each row is the event's id
   */
  erase(eventIds: readonly string[], nowMs: number, audit: AuditEntry): Promise<EraseOutcome>;
  /** What an erase of these events would do, in their order. */
  erasableById(eventIds: readonly string[]): Promise<readonly Erasable[]>;
  /** The same of all events of the source with the key; of a key that is a mark, of all events of the mark. */
  erasableByKey(source: string, idempotencyKey: string): Promise<readonly Erasable[]>;
  /** The same of events of the source that were received from `sinceMs` on and before `untilMs`. Looks at `limit` events. */
  erasableBetween(
    source: string,
    sinceMs: number,
    untilMs: number,
    limit: number,
    after: string | null,
  ): Promise<ErasablePage>;
  /** Removes what is left of erased events in logs and free space, as far as the store can. */
  removeTraces(): Promise<TracesOutcome>;
}

import type { EventView, WebhookEvent } from '../../domain/event.ts';
import type { Addressee } from '../../domain/order.ts';
import type { SearchKey } from '../../domain/search-key.ts';

export type InsertOutcome =
  /** `idempotencyKey`: the key that the event was stored under, if it is another than was given. */
  | Readonly<{ kind: 'inserted'; idempotencyKey?: string }>
  /**
   * The (source, idempotency key) is known, or the replay mark is; `by` says which. `conflict`: the body differs from the
   * stored one.
   */
  | Readonly<{ kind: 'duplicate'; event: EventView; conflict: boolean; by: 'key' | 'mark' }>
  /** The event's deliveries would exceed the limit of pending ones, or that of held ones. Nothing was written. */
  | Readonly<{ kind: 'full'; bound: Bound | 'disk' }>;

/**
 * `pending`: deliveries that are pending and not held; `held`: those that wait for a destination that is held or tripped.
 * Below the free space that must be left, which only SQLite's store knows, no new event is stored: `disk`.
 */
export type Bound = 'pending' | 'held';

/**
 * A second identity of an event, which recognises it when it is sent again under another key: the digest (16 bytes) of
 * the signed content. It holds while the event that has it was received at or after `sinceMs`.
 */
export type ReplayMark = Readonly<{ digest: Uint8Array; sinceMs: number }>;

/** An event with the values to find it by, of which each name has one. */
export type NewEvent = WebhookEvent & Readonly<{ searchKeys?: readonly SearchKey[] }>;

export interface InboxStore {
  /**
   * Stores the event with one pending delivery for each destination, in their order, numbered from 1, due at once.
   * Resolves only when the commit is durable. A delivery with an order key is due only if it is the first of its
   * destination and key; otherwise it waits for its turn. A delivery for a destination that is held is marked so until it
   * is first claimed, and counts against the limit of held deliveries instead of that of pending ones.
   *
   * With a replay mark, an event whose key is new is a duplicate of the event of its source that has that mark, if the
   * mark still holds. Otherwise the mark is stored with this event and taken from the event that had it. So a source has
   * one event for each mark, and a mark is deleted with its event.
   *
   * With `keySinceMs` the key is itself a mark: it is known only if its newest event was received at or after that time.
   * Otherwise the event is stored under the next key of the mark that is free: the mark itself, `<mark>~2`, `<mark>~3`…
   */
  insertEvent(
    event: NewEvent,
    destinations: readonly Addressee[],
    replayMark?: ReplayMark | null,
    keySinceMs?: number | null,
  ): Promise<InsertOutcome>;
  /** Adds to what is known of duplicates, in one write. Entries of events that are not stored are ignored. */
  noteDuplicates(notes: readonly DuplicateNote[]): Promise<void>;
}

/** How often an event came again: how many times, when last, and whether any of the bodies differed. */
export type Duplicates = Readonly<{ count: number; lastAtMs: number; differed: boolean }>;

/** Duplicates of an event that are not yet in the store. */
export type DuplicateNote = Duplicates & Readonly<{ eventId: string }>;

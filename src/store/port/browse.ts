import type { Attempt } from '../../domain/attempt.ts';
import type { Delivery, DeliveryStatus } from '../../domain/delivery.ts';
import type { EventView, WebhookEvent } from '../../domain/event.ts';
import type { Duplicates } from './inbox.ts';

/** A failed delivery with what a list shows of its event. */
export type DeadLetter = Delivery & Pick<EventView, 'source' | 'eventType' | 'idempotencyKey' | 'erasedAtMs'>;

/** Which dead letters are asked for; what is left out does not matter. */
export type DeadLetterFilter = Readonly<{
  destination?: string;
  source?: string;
  eventType?: string;
  /** The event was received at or after this time. */
  sinceMs?: number;
  /** The event was received before this time. */
  untilMs?: number;
  /** The last error contains this text; ASCII letters match in either case. */
  error?: string;
  /** Also those that were replayed. */
  superseded?: boolean;
}>;

/** Most dead letters that one read looks at, so that a filter that hardly any of them fits reads no more. */
export const MAX_DEAD_LETTERS_READ = 1_000;

/**
 * A page of dead letters, newest first; `next` is the cursor of the next page. With a filter a page may hold fewer than
 * were asked for, and none at all, although there is a next one.
 */
export type DeadLetterPage = Readonly<{ deliveries: readonly DeadLetter[]; next: string | null }>;

export type StatusCount = Readonly<{ destination: string; status: DeliveryStatus; count: number }>;

/** For a destination with order: how many deliveries wait for their turn, and how many keys are blocked. */
export type OrderCount = Readonly<{ destination: string; waiting: number; blocked: number }>;

/** Deliveries of a destination that are held, and when the first due of them was created; null if that is not known. */
export type HeldCount = Readonly<{ destination: string; count: number; oldestAtMs: number | null }>;

/** Most deliveries that a question for the oldest passes over: it must not scan a backlog. */
export const MAX_HELD_PASSED = 1_000;

export type StoreStats = Readonly<{
  /**
   * Maintained with each write, so reading them costs the same at any size. Held deliveries are pending ones; superseded
   * ones do not count.
   */
  counts: readonly StatusCount[];
  /** Maintained in the same way; destinations without any are left out. */
  held: readonly HeldCount[];
  /** Maintained in the same way; destinations where both are 0 are left out. */
  order: readonly OrderCount[];
  events: number;
  /** When the oldest delivery that is pending and not held was created, or null. */
  oldestPendingAtMs: number | null;
  /** What the database takes on disk. */
  databaseBytes: number;
  /** SQLite's -wal file, which is part of that; 0 elsewhere. */
  walBytes: number;
}>;

export interface BrowseStore {
  eventById(id: string): Promise<EventView | null>;
  /** The event with the key; of a mark, its newest event. */
  eventByKey(source: string, idempotencyKey: string): Promise<EventView | null>;
  /** Whether an event of the source is kept. */
  hasEvents(source: string): Promise<boolean>;
  /** The noted duplicates of the event, or null. */
  duplicatesOf(eventId: string): Promise<Duplicates | null>;
  /** The event with its bytes. */
  readEvent(id: string): Promise<WebhookEvent | null>;
  deliveriesOf(eventId: string): Promise<readonly Delivery[]>;
  attemptsOf(deliveryId: string): Promise<readonly Attempt[]>;
  /** Failed deliveries that were not replayed, newest first; `before` is the `next` of the previous page. */
  listDeadLetters(limit: number, before: string | null, filter?: DeadLetterFilter): Promise<DeadLetterPage>;
  stats(): Promise<StoreStats>;
}

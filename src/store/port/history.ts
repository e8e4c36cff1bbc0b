import type { Attempt } from '../../domain/attempt.ts';
import type { DeliveryStatus } from '../../domain/delivery.ts';
import type { Duplicates } from './inbox.ts';

/** A delivery that was over in another inbox. Other deliveries of its event are named by their numbers. */
export type PastDelivery = Readonly<{
  number: number;
  destination: string;
  status: Extract<DeliveryStatus, 'completed' | 'failed'>;
  dueAtMs: number;
  lastError: string | null;
  failureGroup: string | null;
  createdAtMs: number;
  updatedAtMs: number;
  replayOf: number | null;
  replayedBy: number | null;
  /** Null: its own. */
  sentAs: number | null;
  orderKey: string | null;
  /** How many attempts it had; those that are known follow. */
  attempts: number;
  tries: readonly Attempt[];
}>;

/** What became of an event in another inbox. */
export type EventHistory = Readonly<{
  eventId: string;
  deliveries: readonly PastDelivery[];
  duplicates: Duplicates | null;
}>;

export interface HistoryStore {
  /**
   * Adds to events what became of them elsewhere. Nothing of it is pending, waits for a turn or blocks an order key. An
   * event that is not here, was erased, or has deliveries already stays as it is, so that a repetition changes nothing.
   */
  addHistory(histories: readonly EventHistory[]): Promise<void>;
}

import type { AuditEntry } from '../../domain/audit.ts';
import type { DueDelivery } from './due.ts';

/** An order key whose turn a failed delivery holds: the deliveries behind it wait until it is released or replayed. */
export type BlockedKey = Readonly<{
  destination: string;
  orderKey: string;
  /** The failed delivery. */
  deliveryId: string;
  error: string;
  /** When it failed. */
  sinceMs: number;
  /** Deliveries that wait behind it, counted up to MAX_WAITING_COUNTED. */
  waiting: number;
}>;

/** A page in the order of destination and key; `next` is the cursor of the next page. */
export type BlockedPage = Readonly<{ keys: readonly BlockedKey[]; next: string | null }>;

/** Bounds the count of deliveries behind a blocked key: a list must not scan a backlog. */
export const MAX_WAITING_COUNTED = 1_000;

export type ReleaseOutcome =
  /** `next` holds the turn now and is due; null if no delivery waited. */
  | Readonly<{ kind: 'released'; deliveryId: string; next: DueDelivery | null }>
  | Readonly<{ kind: 'not_blocked' }>;

/** Order among the deliveries of one destination that share a key. */
export interface OrderStore {
  /** Blocked keys of one destination, or of all; `after` is the `next` of the previous page. */
  listBlocked(limit: number, after: string | null, destination: string | null): Promise<BlockedPage>;
  /** Takes the turn from the failed delivery that blocks the key, which stays a dead letter. The next one is due. */
  releaseKey(destination: string, orderKey: string, audit: AuditEntry): Promise<ReleaseOutcome>;
  /** For the order keys of these deliveries: the pending deliveries that hold the turn now. */
  turnsAfter(deliveryIds: readonly string[]): Promise<readonly DueDelivery[]>;
}

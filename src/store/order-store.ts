import type { DueDelivery } from './store.ts';

/** An order key whose turn a failed delivery holds: nothing behind it goes on until it is released or replayed. */
export type BlockedKey = Readonly<{
  destination: string;
  orderKey: string;
  /** The failed one. */
  deliveryId: string;
  error: string;
  /** Since when it has been failed. */
  sinceMs: number;
  /** Deliveries that wait behind it, counted no further than MAX_WAITING_COUNTED. */
  waiting: number;
}>;

/** A page by destination and key; `next` continues it. */
export type BlockedPage = Readonly<{ keys: readonly BlockedKey[]; next: string | null }>;

/** How far the deliveries behind a blocked key are counted: a list must not walk through a backlog. */
export const MAX_WAITING_COUNTED = 1_000;

export type ReleaseOutcome =
  /** `next` has the turn now and is due, or null if nothing waited. */
  | Readonly<{ kind: 'released'; deliveryId: string; next: DueDelivery | null }>
  | Readonly<{ kind: 'not_blocked' }>;

/** Order among the deliveries of one destination that share a key. */
export interface OrderStore {
  /** Blocked keys of one or all destinations; `after` is the `next` of the page before. */
  listBlocked(limit: number, after: string | null, destination: string | null): Promise<BlockedPage>;
  /** The failed delivery that blocks the key gives up its turn and stays a dead letter. The one behind it is due. */
  releaseKey(destination: string, orderKey: string): Promise<ReleaseOutcome>;
  /** Of the deliveries that have the turn of the same key as one of these, and that are pending, the ids with due times. */
  turnsAfter(deliveryIds: readonly string[]): Promise<readonly DueDelivery[]>;
}

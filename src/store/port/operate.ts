import type { AuditEntry } from '../../domain/audit.ts';
import type { Delivery, DeliveryStatus } from '../../domain/delivery.ts';
import type { Bound } from './inbox.ts';

export type PurgeOutcome = Readonly<{
  deleted: number;
  /** Where the next call goes on; null when no event received before `beforeMs` is left. */
  cursor: string | null;
}>;

/** What a replay may do besides repeating, once, a delivery that has failed. */
export type ReplayOptions = Readonly<{
  /** Repeat a completed delivery. */
  completed?: boolean;
  /** Repeat a delivery that was replayed before. */
  again?: boolean;
  /** Exceed the limits for a delivery that blocks its order key. */
  beyondLimit?: boolean;
  /** Destinations that get no deliveries now: a replay for one of them is held, and counts as such. */
  closed?: readonly string[];
}>;

export type ReplayOutcome =
  | Readonly<{ kind: 'replayed'; delivery: Delivery }>
  | Readonly<{ kind: 'unknown' }>
  /** Only a terminal delivery may be repeated. */
  | Readonly<{ kind: 'open'; status: DeliveryStatus }>
  /** Nothing is left of the event that could be repeated. */
  | Readonly<{ kind: 'erased' }>
  /** It is completed, and to do it again was not asked for. */
  | Readonly<{ kind: 'completed' }>
  /** It has a replay, and another one was not asked for. */
  | Readonly<{ kind: 'already_replayed'; replayId: string }>
  | Readonly<{ kind: 'full'; bound: Bound }>;

export interface OperateStore {
  /**
   * Deletes up to `limit` events that were received before `beforeMs`, in the order of acceptance, with their
   * deliveries, attempts and marks. Events with a delivery that is open or blocks its order key are skipped. Free space returns to
   * the file system.
   */
  purge(beforeMs: number, limit: number, cursor: string | null): Promise<PurgeOutcome>;
  /**
   * Makes a new pending delivery of the same event and destination, with the event's next number, that refers to the old
   * one, once for each delivery unless the options say otherwise. The replay of a failed delivery is sent as that one
   * was, and takes it out of the dead letters; the replay of a completed one is sent under its own id. A delivery that
   * blocks its order key passes its turn to its replay; any other replay waits for its turn like a new delivery, at the
   * position of its event.
   */
  replay(
    deliveryId: string,
    nowMs: number,
    options: ReplayOptions,
    audit: AuditEntry,
  ): Promise<ReplayOutcome>;
  /** Proves that the store can commit. */
  ping(): Promise<void>;
  /** Commits what was submitted before; calls after it are refused with STORE_CLOSED. */
  close(): Promise<void>;
}

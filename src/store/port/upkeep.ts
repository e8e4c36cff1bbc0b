import type { AuditEntry } from '../../domain/audit.ts';
import type { MinuteCounts } from '../../domain/minute.ts';

/** What processes that share a store need to know of each other. */
export interface SharedStore {
  /** How many processes have the store open, this one included; 0 while that is not known. */
  countNodes(): Promise<number>;
  /** No other process has this store open. So a lease that a process finds when it opens the store is orphaned. */
  readonly exclusive: boolean;
  /**
   * Acquires or confirms the leadership among the processes: only the leader reaps and cleans up. When it dies, another
   * process that asks gets the leadership within seconds. Two may believe to have it for a moment, so it may only save
   * work; correctness must not depend on it.
   */
  tryLead(): Promise<'leader' | 'follower'>;
}

/** What is cleaned up after a retention of its own. */
export const CLEANUP_KINDS = ['events', 'rejected', 'audit'] as const;

export type CleanupKind = (typeof CLEANUP_KINDS)[number];

/** When the last clean-up ran, and when an operator last confirmed the clock; null if that never happened. */
export type CleanupTimes = Readonly<{ ranAtMs: number | null; confirmedAtMs: number | null }>;

/** What clean-ups remember, so that a clock that jumped deletes nothing. */
export interface CleanupStore {
  readCleanup(kind: CleanupKind): Promise<CleanupTimes>;
  /** A clean-up of the kind runs. */
  keepCleanup(kind: CleanupKind, nowMs: number): Promise<void>;
  /** An operator confirms the clock: clean-ups of every kind count as run and confirmed now. */
  confirmCleanups(nowMs: number, audit: AuditEntry): Promise<void>;
  /**
   * Writes to the audit what clean-ups of the kind have deleted since the last report, if anything: the count, and the
   * first and last id. Each deletion is tallied in its own transaction, so that a kill loses none.
   */
  reportCleanup(kind: CleanupKind, audit: AuditEntry): Promise<void>;
}

/** What the audit knows of the configuration of the last start: of each value, by its path, a digest. */
export interface ConfigurationStore {
  readConfiguration(): Promise<ReadonlyMap<string, string>>;
  /** Takes the place of what was kept; with null that stays. The row is written in any case. */
  keepConfiguration(digests: ReadonlyMap<string, string> | null, audit: AuditEntry): Promise<void>;
}

/** What was counted by minute, of all processes. */
export interface MinuteStore {
  /** Adds what a node has counted since it last did, and deletes what is older than `beforeMs`. */
  addMinutes(node: string, counts: readonly MinuteCounts[], beforeMs: number): Promise<void>;
  /** The sums of all nodes of each minute from `sinceMs` on in which there was something, oldest first. */
  readMinutes(sinceMs: number): Promise<readonly MinuteCounts[]>;
}

import type { ClockReading } from '../../runtime/corrected-clock.ts';

/** Events inside a driver that an operator wants to see. */
export type StoreObserver = Readonly<{
  onCommit?: (operations: number, durationMs: number) => void;
  /** The driver is unusable; only a restart of the process helps. */
  onFatal?: (error: Error) => void;
  /** There may be work that this process did not submit itself. A hint: it may come late, or without work. */
  onDue?: () => void;
  /** A reader has kept the -wal file from being reused for `heldMs`, or no longer does (0). */
  onWalHeld?: (heldMs: number, walBytes: number) => void;
  /** How far this process's clock is ahead of the store's (negative: behind), as precisely as a round trip tells. */
  onClockSkew?: (skewMs: number) => void;
  /** The store's clock was read: the times of a shared store are its own, not those of the processes. */
  onClockReading?: (reading: ClockReading) => void;
  /** The file system has less free space than must be left, or again enough. */
  onDiskLow?: (isLow: boolean) => void;
  /** How long a transaction has held the oldest snapshot, which keeps rows that are gone from being removed; 0: none. */
  onOldestSnapshot?: (ageMs: number) => void;
  /** The start waits for a lock of a table, which a long reader has, to bring the schema up to date. */
  onMigrationWaits?: (waitedMs: number) => void;
  /** The server has no connection left for this process, which works with those that it has open. */
  onConnectionsRefused?: (open: number) => void;
  /** An index that searches use is built beside the work, is there, or could not be built: then it is tried again. */
  onSearchIndex?: (build: IndexBuild) => void;
}>;

/** What is free of the file system that a store in a file is on, and what has to be. */
export type DiskRoom = Readonly<{ freeBytes: number; leastBytes: number }>;

export type IndexBuild =
  | Readonly<{ kind: 'building' | 'built'; name: string }>
  | Readonly<{ kind: 'failed'; error: Error }>;

export type StoreOptions = Readonly<{
  /** Most deliveries that may be pending and not held; a retry is never refused. */
  maxPendingDeliveries: number;
  /** Most deliveries that may be held; unlimited by default. */
  maxHeldDeliveries?: number;
  /**
   * Free bytes of the file system below which a store in a file takes no new event; null: the smaller of 1 GiB and 5 % of the
   * file system; 0, the default: none.
   */
  minFreeDiskBytes?: number | null;
  observer?: StoreObserver;
}>;

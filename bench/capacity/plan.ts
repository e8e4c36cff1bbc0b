import { POSTGRES, SQLITE } from './parameters.ts';

/** What a plan starts from. */
export type Demand = Readonly<{
  eventsPerSecond: number;
  bodyBytes: number;
  headerBytes: number;
  deliveriesPerEvent: number;
  retentionDays: number;
  /** Share of its capacity that a part may be used to: the rest is for bursts and for a part that fails. */
  most: number;
  /** Beside body and headers, what an event with one delivery and one attempt takes on disk, rows and indexes together. */
  rowBytes: number;
  /** What is written to the WAL for a byte that is kept: page images after checkpoints, updates, indexes. */
  walPerByte: number;
  /** Processors of one database server. */
  shardCores: number;
  outageSeconds: number;
}>;

export type Plan = Readonly<{
  receiverCores: number;
  receivers: number;
  databaseCores: number;
  shards: number;
  networkInMbit: number;
  walMbPerSecond: number;
  storedTbPerDay: number;
  storedTb: number;
  /** Syncs a second if each event had its own, and the fewest events that share one at this many syncs per shard. */
  syncsWithoutGroups: number;
  eventsPerSync: number;
  partitions: number;
  eventsPerPartition: number;
  backlogEvents: number;
  backlogGb: number;
  recoverySeconds: number;
}>;

/** Hours that a partition of events spans: dropped as a whole, so that retention never deletes rows. */
export const PARTITION_HOURS = 1;
/** Syncs a second that a disk with power-loss protection does one after the other. */
export const SYNCS_PER_SECOND = 1000;

/** The arithmetic for a demand. Batches cost little beside their events at this rate, so they are left to `most`. */
export function planFor(demand: Demand): Plan {
  const { eventsPerSecond, bodyBytes, headerBytes, rowBytes, most } = demand;
  const receiverMs = POSTGRES.stages.reduce((total, stage) => total + stage.beforeMs + stage.afterMs, 0);
  const databaseMs = POSTGRES.stages.reduce((total, stage) => total + stage.perEventMs, 0);
  const receiverCores = (eventsPerSecond * receiverMs) / 1000;
  const databaseCores = (eventsPerSecond * databaseMs) / 1000;
  const shards = Math.ceil(databaseCores / (demand.shardCores * most));
  const keptBytes = bodyBytes + headerBytes + rowBytes * demand.deliveriesPerEvent;
  const storedTbPerDay = (eventsPerSecond * keptBytes * 86_400) / 1e12;
  const backlogEvents = eventsPerSecond * demand.outageSeconds;
  const spare = eventsPerSecond / most - eventsPerSecond;
  return {
    receiverCores,
    receivers: Math.ceil(receiverCores / most),
    databaseCores,
    shards,
    networkInMbit: (eventsPerSecond * (bodyBytes + headerBytes) * 8) / 1e6,
    walMbPerSecond: (eventsPerSecond * keptBytes * demand.walPerByte) / 1e6,
    storedTbPerDay,
    storedTb: storedTbPerDay * demand.retentionDays,
    syncsWithoutGroups: eventsPerSecond * (1 + 2 * demand.deliveriesPerEvent),
    eventsPerSync: eventsPerSecond / shards / SYNCS_PER_SECOND,
    partitions: Math.ceil((demand.retentionDays * 24) / PARTITION_HOURS) * shards,
    eventsPerPartition: (eventsPerSecond * 3600 * PARTITION_HOURS) / shards,
    backlogEvents,
    backlogGb: (backlogEvents * keptBytes) / 1e9,
    recoverySeconds: recoverySeconds(backlogEvents, spare),
  };
}

/** How long a backlog lasts while events go on arriving: only what can be done beyond them takes it off. */
export function recoverySeconds(backlogEvents: number, sparePerSecond: number): number {
  return sparePerSecond > 0 ? backlogEvents / sparePerSecond : Number.POSITIVE_INFINITY;
}

/** The demand of the title. */
export const DEMAND: Demand = {
  eventsPerSecond: 100_000,
  bodyBytes: 1000,
  headerBytes: 500,
  deliveriesPerEvent: 1,
  retentionDays: 1,
  most: 0.7,
  rowBytes: 600,
  walPerByte: 1.5,
  shardCores: POSTGRES.cores,
  outageSeconds: 600,
};

/** The most that one receiver's main thread accepts, whatever is behind it: the whole thread, for whole batches. */
export function acceptBoundPerSecond(): number {
  return 1000 / (SQLITE.insert.beforeMs + SQLITE.insert.afterMs);
}

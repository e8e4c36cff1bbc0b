import type { Spread } from './latency.ts';

/** What one kind of operation costs: an insert, a claim, a settlement. */
export type Stage = Readonly<{
  name: string;
  /** Of a receiver's main thread, for each event: before it is submitted, and when it is answered. */
  beforeMs: number;
  afterMs: number;
  /** Of the database's processors: for each statement, and for each event in it. */
  perBatchMs: number;
  perEventMs: number;
}>;

export type NodeModel = Readonly<{
  count: number;
  /** Processors of one receiver's machine; its main thread uses one at a time. */
  cores: number;
  /** Of the main thread, beside the events: for each turn of the event loop, and for each batch sent and answered. */
  perTurnMs: number;
  perBatchMs: number;
  /** Most that one turn takes on; Infinity is what an event loop does. */
  maxPerTurn: number;
  maxBatch: number;
  /** Commits of one kind that a receiver has under way with one database. */
  maxInFlight: number;
}>;

export type ShardModel = Readonly<{
  count: number;
  /** `node`: the database is a thread on the receiver's machine (SQLite). */
  cores: number | 'node';
  /**
   * `one`: a batch is done, its flush included, before the next begins (SQLite). `shared`: statements run beside each
   * other, and all that wait when a flush begins are made durable by it (PostgreSQL's WAL).
   */
  writing: 'one' | 'shared';
  flush: Spread;
}>;

export type Load =
  /** Events arrive at a fixed rate, however slow the receiver is (an open workload). */
  | Readonly<{ kind: 'open'; perSecond: number }>
  /** Clients that each send the next event once the last is answered, on the receiver's own machine, as a benchmark does. */
  | Readonly<{ kind: 'closed'; clients: number; clientMs: number }>;

export type Model = Readonly<{
  nodes: NodeModel;
  shards: ShardModel;
  /** The first is the accept: its end is the answer to the sender. The others follow for each event. */
  stages: readonly Stage[];
  /** From receiver to database, one way. */
  networkMs: number;
  load: Load;
}>;

export type Run = Readonly<{ seed: number; seconds: number; warmUpSeconds: number }>;

export type Result = Readonly<{
  acceptedPerSecond: number;
  /** Through all stages. */
  completedPerSecond: number;
  /** From arrival to answer. */
  meanMs: number;
  p50Ms: number;
  p99Ms: number;
  /** Mean number of events in an insert. */
  eventsPerBatch: number;
  flushesPerSecondAndShard: number;
  /** Shares of the time: a receiver's main thread, and the processors of a database. */
  mainBusy: number;
  shardBusy: number;
  /** Mean number of events between arrival and answer. */
  inSystem: number;
  /** By how much the events that have begun and not ended grew over the time, per second. */
  growthPerSecond: number;
}>;

import type { Spread } from './latency.ts';
import type { Model, NodeModel, ShardModel, Stage } from './model.ts';

/**
 * Where a number comes from. `measured`: by bench/capacity/measure.ts or bench/main.ts, on the machine of docs/benchmarks.md.
 * `assumed`: a guess that stands in until somebody has measured it. No page may show what rests on it without saying so.
 */
export type Origin = 'measured' | 'assumed';

const US = 1 / 1000;

/**
 * One receiver on SQLite, by processor time per thread at 1, 16, 64 and 256 connections: main thread 80 us a batch and
 * 21 us an event, writer 115 us a batch and 9 us an event. What the kernel does not tell apart is parted by guess:
 * the batch's 80 us into two turns and the rest, the event's 21 us into before and after the commit. It moves the rate
 * by little, as one thread does all of it. A commit starts when 24 operations wait, which is as if a turn took no more.
 */
export const SQLITE = {
  origin: 'measured' as Origin,
  perTurnMs: 10 * US,
  perBatchMs: 60 * US,
  maxPerTurn: 24,
  insert: {
    name: 'insert',
    beforeMs: 14 * US,
    afterMs: 7 * US,
    perBatchMs: 115 * US,
    perEventMs: 9 * US,
  } satisfies Stage,
  /** Of wrk, on the same machine. */
  clientMs: 10 * US,
  /** 16 KiB written over and synced, 400 times. */
  flush: { medianMs: 0.09, p99Ms: 0.14 } satisfies Spread,
  maxBatch: 1024,
  maxInFlight: 2,
} as const;

/** The connections in the table "Accept" of docs/benchmarks.md. A test reads them there. */
export const CONNECTIONS = [64, 256] as const;
/** By how much the simulation may be off. Single rounds of the benchmark differ by more than this among themselves. */
export const TOLERANCE = 0.35;

/** A benchmark: the receiver, its database and the client on two processors. */
export function benchModel(clients: number): Model {
  return {
    nodes: {
      count: 1,
      cores: 2,
      perTurnMs: SQLITE.perTurnMs,
      perBatchMs: SQLITE.perBatchMs,
      maxPerTurn: SQLITE.maxPerTurn,
      maxBatch: SQLITE.maxBatch,
      maxInFlight: SQLITE.maxInFlight,
    },
    shards: { count: 1, cores: 'node', writing: 'one', flush: SQLITE.flush },
    stages: [SQLITE.insert],
    networkMs: 0,
    load: { kind: 'closed', clients, clientMs: SQLITE.clientMs },
  };
}

/**
 * What a request costs more when threads share a port: a bare node:http in one, two and three threads that listen on one
 * port (SO_REUSEPORT) took 13.7, 15.4 and 16.2 us a request, medians of three rounds.
 */
const SHARED_PORT_MS = 2 * US;

/** Clients for each accepting thread, on machines of their own. */
const CLIENTS_PER_THREAD = 256;

/**
 * One machine with a processor for each thread: threads that share a port accept, and one thread writes the file. Each
 * thread's batch is a commit of its own. The hop from thread to thread is in the costs of a batch.
 */
export function threadsModel(threads: number): Model {
  const { nodes, shards } = benchModel(0);
  const { insert } = SQLITE;
  const shared = threads === 1 ? 0 : SHARED_PORT_MS;
  return {
    nodes: { ...nodes, count: threads, cores: 1 },
    shards: { ...shards, cores: 1 },
    stages: [{ ...insert, beforeMs: insert.beforeMs + shared }],
    networkMs: 0,
    load: { kind: 'closed', clients: CLIENTS_PER_THREAD * threads, clientMs: 0 },
  };
}

/**
 * What statements cost the database: fitted to the processor time of one backend for batches of 20, 80 and 320 events
 * through an otherwise idle store. Bare node:http answered twice as much then as when SQLITE was measured. A claim
 * or settlement took the node's process 5 to 10 us in batches of 80 and more, parted by guess; an accept's main thread is
 * that of an earlier SQLITE. The server, of 8 processors and an SSD with power-loss protection, and the network are assumed.
 */
export const POSTGRES = {
  origin: 'measured' as Origin,
  cores: 8,
  flush: { medianMs: 0.5, p99Ms: 3 } satisfies Spread,
  networkMs: 0.15,
  stages: [
    { name: 'insert', beforeMs: 43 * US, afterMs: 22 * US, perBatchMs: 240 * US, perEventMs: 10 * US },
    { name: 'claim', beforeMs: 1 * US, afterMs: 7 * US, perBatchMs: 230 * US, perEventMs: 12 * US },
    { name: 'settle', beforeMs: 6 * US, afterMs: 3 * US, perBatchMs: 190 * US, perEventMs: 8 * US },
  ] satisfies Stage[],
} as const;

/** Receivers of two processors each before databases that share the events by a hash of their key. */
export function clusterModel(nodes: number, shards: number, perSecond: number): Model {
  const node: NodeModel = {
    count: nodes,
    cores: 2,
    perTurnMs: SQLITE.perTurnMs,
    perBatchMs: SQLITE.perBatchMs,
    maxPerTurn: 1024,
    maxBatch: 512,
    // A second statement of a kind is sent only when the first takes longer than these do (ALONE_MS).
    maxInFlight: 1,
  };
  const shard: ShardModel = {
    count: shards,
    cores: POSTGRES.cores,
    writing: 'shared',
    flush: POSTGRES.flush,
  };
  return {
    nodes: node,
    shards: shard,
    stages: POSTGRES.stages,
    networkMs: POSTGRES.networkMs,
    load: { kind: 'open', perSecond },
  };
}

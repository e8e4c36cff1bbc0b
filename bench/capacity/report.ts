import { fixed, renderTable, type Table, whole } from '../support/table.ts';
import type { Result } from './model.ts';
import {
  benchModel,
  CONNECTIONS,
  clusterModel,
  POSTGRES,
  SQLITE,
  TOLERANCE,
  threadsModel,
} from './parameters.ts';
import { DEMAND, planFor } from './plan.ts';
import { simulate } from './simulate.ts';

const SEED = 1;
const BENCH_RUN = { seed: SEED, seconds: 2, warmUpSeconds: 0.5 };
const CLUSTER_RUN = { seed: SEED, seconds: 0.5, warmUpSeconds: 0.3 };
/** Receivers and databases. */
const CLUSTERS: readonly (readonly [number, number])[] = [
  [8, 1],
  [16, 1],
  [16, 2],
  [24, 2],
  [24, 4],
  [32, 4],
];

/** Accepting threads before one SQLite file. */
const THREADS = [1, 2, 3, 4, 6];

/** Accepts per second of one node on SQLite, by connections, as the table in docs/benchmarks.md has them. */
export type Measured = ReadonlyMap<number, number>;

/** Reads the receiver's rows of the table "Accept" in docs/benchmarks.md. */
export function readMeasured(page: string): Measured {
  const [, table = ''] = page.split('### Accept: requests answered 2xx');
  const rows = [...table.split('###')[0]!.matchAll(/^\| webhook-receiver +\| +(\d+) \| +([\d,]+) \|/gm)];
  return new Map(
    rows.map(([, connections, rate]) => [Number(connections), Number(rate!.replaceAll(',', ''))]),
  );
}

export type Check = Readonly<{ connections: number; simulated: number; measured: number; off: number }>;

export function checkAgainst(measured: Measured): Check[] {
  return CONNECTIONS.map((connections) => {
    const rate = measured.get(connections);
    if (rate === undefined)
      throw new Error(`docs/benchmarks.md has no accept rate at ${connections} connections`);
    const { acceptedPerSecond } = simulate(benchModel(connections), BENCH_RUN);
    return { connections, simulated: acceptedPerSecond, measured: rate, off: acceptedPerSecond / rate - 1 };
  });
}

function checkTable(measured: Measured): Table {
  return {
    title: 'One node on SQLite: simulated beside measured',
    columns: ['connections', 'simulated events/s', 'measured events/s', 'difference'],
    rows: checkAgainst(measured).map((check) => [
      String(check.connections),
      whole(check.simulated),
      whole(check.measured),
      `${fixed(100 * check.off, 0)} %`,
    ]),
    notes: [`a test wants the difference within ${100 * TOLERANCE} %`],
  };
}

function threadsTable(): Table {
  const results = THREADS.map((threads) => simulate(threadsModel(threads), BENCH_RUN));
  return {
    title: 'More processors, simulated: accepting threads before one SQLite file',
    columns: ['threads', 'accepted/s', 'of one', 'p50', 'p99', 'events/commit', 'thread busy', 'writer busy'],
    rows: results.map((result, at) => [
      String(THREADS[at]),
      whole(result.acceptedPerSecond),
      fixed(result.acceptedPerSecond / results[0]!.acceptedPerSecond, 2),
      `${fixed(result.p50Ms, 1)} ms`,
      `${fixed(result.p99Ms, 1)} ms`,
      fixed(result.eventsPerBatch, 1),
      `${fixed(100 * result.mainBusy, 0)} %`,
      `${fixed(100 * result.shardBusy, 0)} %`,
    ]),
    notes: [
      `not built: see [ADR 0039](adr/0039-more-cores.md); costs of SQLite: ${SQLITE.origin}, 256 clients for each thread elsewhere`,
    ],
  };
}

/** A part whose work grows by more than a hundredth of what is offered does not keep up. */
function verdictOf({ growthPerSecond }: Result, offered: number): string {
  return growthPerSecond > 0.01 * offered ? `no: ${whole(growthPerSecond)}/s are left` : 'yes';
}

function clusterTable(): Table {
  const offered = DEMAND.eventsPerSecond;
  return {
    title: `${whole(offered)} events/s, simulated: accepted, claimed and settled`,
    columns: [
      'receivers',
      'databases',
      'keeps up',
      'p50',
      'p99',
      'events/insert',
      'syncs/s each',
      'main busy',
      'database busy',
    ],
    rows: CLUSTERS.map(([nodes, shards]) => {
      const result = simulate(clusterModel(nodes, shards, offered), CLUSTER_RUN);
      return [
        String(nodes),
        String(shards),
        verdictOf(result, offered),
        `${fixed(result.p50Ms, 1)} ms`,
        `${fixed(result.p99Ms, 1)} ms`,
        fixed(result.eventsPerBatch, 1),
        whole(result.flushesPerSecondAndShard),
        `${fixed(100 * result.mainBusy, 0)} %`,
        `${fixed(100 * result.shardBusy, 0)} %`,
      ];
    }),
    notes: [
      `costs of PostgreSQL: ${POSTGRES.origin}; receivers of 2 processors, databases of ${POSTGRES.cores}`,
      'where it does not keep up, p50 and p99 grow for as long as it lasts',
      'busy is no measure of what is left: batches get smaller until all the time is used, and grow again under load',
    ],
  };
}

function planTable(): Table {
  const plan = planFor(DEMAND);
  const rows: [string, string][] = [
    ["receivers' processors at work", fixed(plan.receiverCores, 1)],
    [`receivers, main threads used to ${100 * DEMAND.most} %`, whole(plan.receivers)],
    ["databases' processors at work, batches not counted", fixed(plan.databaseCores, 1)],
    [`databases of ${DEMAND.shardCores} processors, used to ${100 * DEMAND.most} %`, whole(plan.shards)],
    ['network in', `${whole(plan.networkInMbit)} Mbit/s`],
    ['WAL, all databases', `${whole(plan.walMbPerSecond)} MB/s`],
    ['kept', `${fixed(plan.storedTbPerDay, 1)} TB a day`],
    [`kept at ${DEMAND.retentionDays} day`, `${fixed(plan.storedTb, 1)} TB`],
    ['syncs without group commit', `${whole(plan.syncsWithoutGroups)}/s`],
    ['events that share a sync, at 1,000 syncs/s each', whole(plan.eventsPerSync)],
    ['partitions of an hour', whole(plan.partitions)],
    ['events in one', whole(plan.eventsPerPartition)],
    [`backlog after ${DEMAND.outageSeconds} s without processing`, `${whole(plan.backlogEvents)} events`],
    ['that backlog on disk', `${whole(plan.backlogGb)} GB`],
    ['until it is worked off', `${whole(plan.recoverySeconds)} s`],
  ];
  return {
    title: `${whole(DEMAND.eventsPerSecond)} events/s, by arithmetic`,
    columns: ['what', 'how much'],
    rows,
    notes: [
      `events of ${whole(DEMAND.bodyBytes)} bytes with ${DEMAND.headerBytes} bytes of headers, one delivery each`,
      `costs of PostgreSQL: ${POSTGRES.origin}; ${DEMAND.rowBytes} bytes for rows and indexes, ${DEMAND.walPerByte} bytes of WAL for each byte kept: assumed`,
    ],
  };
}

/** All tables, as `npm run capacity` prints them and docs/scale.md shows them. */
export function report(measured: Measured): string {
  return [checkTable(measured), threadsTable(), planTable(), clusterTable()].map(renderTable).join('\n');
}

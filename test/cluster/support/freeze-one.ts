import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { eventIdOf } from '../../../src/domain/delivery.ts';
import { eventually } from '../../../testkit/eventually.ts';
import { createSeededRandom } from '../../../testkit/seeded-random.ts';
import { describeTally, endAndCheck } from './check.ts';
import { type Cluster, startCluster } from './cluster.ts';
import { startLoad } from './load.ts';
import { inLongWork, openRuns } from './long-work.ts';
import { machineMs } from './now.ts';
import { type Run, readRuns } from './runs.ts';

const NAMES = ['one', 'two', 'three'];
const LEASE_MS = 6_000;

/**
 * Lets one node of three stand still until others have done what it held, and then go on with it.
 * @param choose the node, by its name
 */
export async function freezeOne(
  t: TestContext,
  seed: number,
  choose: (cluster: Cluster) => Promise<string>,
): Promise<void> {
  const cluster = await startCluster(t, { names: NAMES, leaseMs: LEASE_MS });
  const load = startLoad(t, cluster.urls, createSeededRandom(seed));
  const frozen = await choose(cluster);
  const { pid } = cluster.node(frozen);
  await inLongWork(cluster, frozen);
  const thaw = cluster.freeze(frozen);
  const fromMs = machineMs();
  // What its last statement was about to settle may be settled yet.
  await pause(500);
  const held = await openRuns(cluster, pid);
  await eventually('what it held is taken back', () => isAllCharged(cluster, held));
  await eventually('another has done it', async () => isAllDone(cluster, held));
  t.diagnostic(
    `${held.length} deliveries done by others ${Math.round(machineMs() - fromMs)} ms after the stop`,
  );
  assert.notEqual(await cluster.leader(frozen), frozen);
  thaw();
  await eventually('its handlers go on to their end', async () => {
    const late = (await readRuns(cluster.folder)).filter((run) => held.some((each) => isSame(each, run)));
    return late.every(({ endMs }) => endMs !== null);
  });
  await cluster.node(frozen).logLine(({ type }) => type === 'lease.lost');
  await pause(300);
  const tally = await endAndCheck(cluster, load);
  t.diagnostic(describeTally(tally));
  assert.ok(tally.overtaken > 0, 'no run outlived its lease: nothing was fenced');
}

function isSame(a: Run, b: Run): boolean {
  return a.deliveryId === b.deliveryId && a.attempt === b.attempt;
}

async function isAllCharged({ sql }: Cluster, runs: readonly Run[]): Promise<boolean> {
  const [row] = await sql<{ count: number }>(
    `select count(*)::integer as count from attempts a
     join unnest($1::text[], $2::integer[]) as r (event_id, number) on a.event_id = r.event_id::uuid
       and a.number = r.number and a.outcome = 'interrupted'`,
    [runs.map(({ deliveryId }) => eventIdOf(deliveryId)), runs.map(({ attempt }) => attempt)],
  );
  return row!.count === runs.length;
}

async function isAllDone({ sql }: Cluster, runs: readonly Run[]): Promise<boolean> {
  const [row] = await sql<{ open: number }>(
    `select count(*)::integer as open from deliveries where event_id = any($1::uuid[]) and status <> 'completed'`,
    [runs.map(({ deliveryId }) => eventIdOf(deliveryId))],
  );
  return row!.open === 0;
}

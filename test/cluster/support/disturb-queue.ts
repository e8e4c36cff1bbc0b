import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { createSeededRandom } from '../../../testkit/seeded-random.ts';
import { describeTally, endAndCheck } from './check.ts';
import { startCluster } from './cluster.ts';
import { goesOn, startLoad } from './load.ts';
import { inLongWork } from './long-work.ts';
import { queueIs } from './queue-is.ts';

const NAMES = ['one', 'two', 'three'];
const LEASE_MS = 6_000;

/** A broker of the test's own. */
export type Broker = Readonly<{
  url: string;
  /** Makes what the nodes have declared last, if a power cut right after that would be an accident of its own. */
  settle?(): Promise<unknown>;
  /** Ends it as a power cut does. */
  kill(): Promise<unknown>;
  start(): Promise<unknown>;
  /** Makes it lose all that it holds; it runs in the end. */
  empty(): Promise<unknown>;
}>;

/**
 * Kills and empties the broker under the load of three nodes, and once with one of them. Events are taken and done all
 * the time; in the end every acknowledged one was processed, and none under two live leases at once.
 */
export async function disturbQueue(t: TestContext, seed: number, broker: Broker): Promise<void> {
  const random = createSeededRandom(seed);
  const env = { QUEUE_URL: broker.url };
  const cluster = await startCluster(t, { names: NAMES, leaseMs: LEASE_MS, env });
  await queueIs(cluster, 'up');
  await broker.settle?.();
  await queueIs(cluster, 'up');
  const load = startLoad(t, cluster.urls, random);

  await pause(500 + random.int(500));
  await broker.kill();
  await queueIs(cluster, 'down');
  await goesOn(load);
  await broker.start();
  await queueIs(cluster, 'up');
  await goesOn(load);

  await broker.empty();
  await goesOn(load);

  const victim = random.pick(NAMES);
  await inLongWork(cluster, victim);
  await Promise.all([cluster.kill(victim), broker.empty()]);
  await goesOn(load);
  await cluster.revive(victim);
  await queueIs(cluster, 'up');
  await goesOn(load);

  const tally = await endAndCheck(cluster, load);
  t.diagnostic(describeTally(tally));
  assert.ok(tally.interrupted > 0, 'the kill hit what was at work');
}

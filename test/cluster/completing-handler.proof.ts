import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { describe, it, type TestContext } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { deliveryIdOf } from '../../src/domain/delivery.ts';
import { eventually } from '../../testkit/eventually.ts';
import { skipWithout } from '../../testkit/on-path.ts';
import type { Env } from '../../testkit/receiver-process.ts';
import { startRedis } from '../../testkit/redis.ts';
import { createSeededRandom, type SeededRandom, testSeeds } from '../../testkit/seeded-random.ts';
import {
  COUNTING_CONFIG,
  STEPS,
  type Step,
  setTrap,
  shuffled,
  sprung,
  trapAt,
  untrap,
} from '../crash/counting.ts';
import { drainAndStop } from './support/check.ts';
import { type Cluster, startCluster } from './support/cluster.ts';
import { type Load, startLoad } from './support/load.ts';

const NAMES = ['one', 'two', 'three'];
/** So that most steps are hit at once: taking back takes a lease and a look of the leader's. */
const NAMES_TO_STOP = [...NAMES, 'four', 'five'];
const LEASE_MS = 2_000;
/** Kills at each step, of each of the nodes. */
const KILLS = 2;

for (const seed of testSeeds([randomInt(1_000_000)])) {
  describe(`a handler that counts into a table by ctx.complete, on several nodes (TEST_SEED=${seed})`, () => {
    it('counts each event exactly once, whenever the nodes are killed', async (t) => {
      const random = createSeededRandom(seed);
      const { cluster, load } = await openCluster(t, random);
      const kills = await killAtAllSteps(cluster, random, KILLS);
      await check(t, cluster, load, `${kills} kills`);
    });

    it('counts each event exactly once, when nodes stand still until others have their deliveries', async (t) => {
      const random = createSeededRandom(seed);
      const { cluster, load } = await openCluster(t, random, {}, NAMES_TO_STOP);
      const steps = shuffled(STEPS, random);
      while (steps.length > 0) {
        const leader = await cluster.leader();
        const followers = cluster.names.filter((name) => name !== leader);
        await Promise.all(followers.map((name) => stopAt(cluster, name, steps.pop(), random)));
      }
      await check(t, cluster, load, `${STEPS.length} stops`);
    });

    it('does so with messages of Redis, too', { skip: skipWithout('redis-server') }, async (t) => {
      const random = createSeededRandom(seed);
      const redis = await startRedis();
      t.after(redis.dispose);
      const { cluster, load } = await openCluster(t, random, { QUEUE_URL: redis.url });
      const kills = await killAtAllSteps(cluster, random, 1);
      await check(t, cluster, load, `${kills} kills`);
    });
  });
}

async function openCluster(t: TestContext, random: SeededRandom, env: Env = {}, names = NAMES) {
  const cluster = await startCluster(t, { names, leaseMs: LEASE_MS, config: COUNTING_CONFIG, env });
  await cluster.sql('create table applied (delivery_id text not null)');
  await cluster.sql('create table counts (slot integer primary key, total integer not null)');
  return { cluster, load: startLoad(t, cluster.urls, random) };
}

/** Each node goes its own way through the steps. @returns how many kills there were */
async function killAtAllSteps(cluster: Cluster, random: SeededRandom, times: number): Promise<number> {
  const steps = Array<readonly Step[]>(times).fill(STEPS).flat();
  await Promise.all(
    NAMES.map(async (name) => {
      for (const step of shuffled(steps, random)) {
        await setTrap(cluster.folder, trapAt(step, 'SIGKILL', random), name);
        await sprung(cluster.folder, name);
        const { signal } = await cluster.node(name).exit();
        assert.equal(signal, 'SIGKILL', step);
        await untrap(cluster.folder, name);
        await cluster.revive(name);
      }
    }),
  );
  return steps.length * NAMES.length;
}

async function stopAt(cluster: Cluster, name: string, step: Step | undefined, random: SeededRandom) {
  if (step === undefined) return;
  await setTrap(cluster.folder, trapAt(step, 'SIGSTOP', random), name);
  await sprung(cluster.folder, name);
  await pause(LEASE_MS);
  // The leader takes back what has run out, so that others do it while this one believes that it still holds it.
  await eventually('its deliveries are taken back', async () => {
    const [row] = await cluster.sql<{ count: number }>(
      `select count(*)::integer as count from deliveries where status = 'processing' and lease_until < $1`,
      [Date.now()],
    );
    return row!.count === 0;
  });
  cluster.node(name).kill('SIGCONT');
  await untrap(cluster.folder, name);
}

/** Compares the handler's own tables with the deliveries. */
async function check(t: TestContext, cluster: Cluster, load: Load, what: string): Promise<void> {
  await load.stop();
  await drainAndStop(cluster);
  const applied = await cluster.sql<{ delivery_id: string }>('select delivery_id from applied');
  const [sums] = await cluster.sql<Record<string, number>>(`
    select (select sum(total) from counts)::integer as total, count(*)::integer as deliveries,
      count(*) filter (where status = 'completed')::integer as completed,
      (select sum(completed) from delivery_counts)::integer as counted,
      (select count(*) from attempts)::integer as tries
    from deliveries`);
  const { total, deliveries, completed, counted, tries } = sums!;
  t.diagnostic(`${total} counted for ${deliveries} events in ${tries} tries, ${what}`);
  const known = new Set(applied.map((row) => row.delivery_id));
  assert.equal(known.size, applied.length, 'no delivery counted twice');
  assert.deepEqual([applied.length, total, completed, counted], Array(4).fill(deliveries));
  for (const [key, { id }] of load.acknowledged)
    assert.ok(known.has(deliveryIdOf(id, 1)), `${key} is not counted`);
  assert.ok(deliveries! > 500, 'too few events to prove anything');
}

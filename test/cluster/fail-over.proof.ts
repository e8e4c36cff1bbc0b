import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { describe, it } from 'node:test';
import { eventually } from '../../testkit/eventually.ts';
import { type PostgresPair, startPostgresPair } from '../../testkit/postgres-pair.ts';
import { createSeededRandom, testSeeds } from '../../testkit/seeded-random.ts';
import { startTcpProxy } from '../../testkit/tcp-proxy.ts';
import { describeTally, endAndCheck, endAndFindLost } from './support/check.ts';
import { type Cluster, startCluster } from './support/cluster.ts';
import { goesOn, type Load, type LoadOptions, startLoad } from './support/load.ts';
import { machineMs } from './support/now.ts';

const NAMES = ['one', 'two', 'three'];
const LEASE_MS = 12_000;

/** What becomes of the old primary, before the standby is promoted. What it returns is done afterwards. */
const FATES: Readonly<Record<string, (pair: PostgresPair) => Promise<() => void>>> = {
  'is dead': (pair) => pair.primary.crash().then(() => () => {}),
  'lives, and takes no writes any more': (pair) => pair.fence().then(() => () => {}),
  // Its standby is gone, so no commit of it is acknowledged.
  'hangs, and goes on after a while': (pair) => pair.primary.freeze(),
};

for (const seed of testSeeds([randomInt(1_000_000)])) {
  describe(`a standby that is promoted under the load of three nodes (TEST_SEED=${seed})`, () => {
    for (const [fate, befall] of Object.entries(FATES)) {
      it(`takes over when the old primary ${fate}: a synchronous one loses nothing acknowledged`, async (t) => {
        const { pair, cluster, load } = await startAll(t, seed);
        await pair.makeSynchronous();
        await goesOn(load);
        const fromMs = machineMs();
        const undo = await befall(pair);
        await pair.promote();
        await goesOn(load);
        await movesOver(pair, cluster, load);
        undo();
        await goesOn(load);
        // Who connects from now on must not meet it: that is what fencing is for.
        await pair.primary.crash();
        cluster.disturbances.add({ kind: 'outage', pid: null, fromMs, toMs: machineMs() });
        t.diagnostic(describeTally(await endAndCheck(cluster, load)));
      });
    }

    it('loses what an asynchronous one had not got, and nothing of before', async (t) => {
      // What is lost and sent again is not known.
      const { pair, cluster, load } = await startAll(t, seed, { repeats: 0 });
      await goesOn(load);
      const before = new Set(load.acknowledged.keys());
      await untilReplicated(pair);
      await pair.holdBack();
      await goesOn(load);
      await pair.primary.crash();
      await pair.promote();
      await goesOn(load);
      await movesOver(pair, cluster, load);
      const lost = await endAndFindLost(cluster, load);
      t.diagnostic(`${lost.size} of ${load.acknowledged.size} acknowledged events are lost`);
      assert.ok(lost.size > 0, 'the standby had everything');
      assert.deepEqual(
        [...lost].filter((key) => before.has(key)),
        [],
      );
    });
  });
}

describe('an address that is moved to a promoted standby, the old primary alive and taking writes', () => {
  it('is followed by every connection: those of the pools, and those of the sessions with leader and notifications', async (t) => {
    const pair = await startPostgresPair(t);
    await pair.createDatabase();
    const address = await startTcpProxy(pair.primary.port);
    t.after(address.cut);
    const url = `postgres://test@127.0.0.1:${address.port}/inbox`;
    const cluster = await startCluster(t, { names: ['one', 'two'], leaseMs: LEASE_MS, url });
    // What the old primary took meanwhile, the new one does not know.
    const load = startLoad(t, cluster.urls, createSeededRandom(1), { repeats: 0 });
    await goesOn(load);
    await cluster.leader();
    await pair.promote();
    address.leadTo(pair.standby.port);
    await eventually(
      'no connection is left on the old primary',
      async () => (await nodesAt(pair.primary)) === 0,
    );
    await eventually('a node leads at the new one', async () => (await leadersAt(pair.standby)) === 1);
    assert.equal(await leadersAt(pair.primary), 0);
    await goesOn(load);
    await load.stop();
    await cluster.stop();
  });
});

async function startAll(
  t: Parameters<typeof startCluster>[0] & Parameters<typeof startLoad>[0],
  seed: number,
  options?: LoadOptions,
) {
  const pair = await startPostgresPair(t);
  const url = await pair.createDatabase();
  const cluster = await startCluster(t, { names: NAMES, leaseMs: LEASE_MS, url });
  const load = startLoad(t, cluster.urls, createSeededRandom(seed), options);
  await goesOn(load);
  await cluster.leader();
  return { pair, cluster, load };
}

/** One node leads on the new server, all listen there, and deliveries are claimed and completed there. */
async function movesOver({ standby }: PostgresPair, cluster: Cluster, load: Load): Promise<void> {
  await eventually('a node leads on the new server', async () => (await leadersAt(standby)) === 1);
  const found = new Set<unknown>();
  await eventually('all nodes have their session there', async () => {
    // The beat of a session is its own statement, between others.
    const rows = await standby.run(
      "select application_name as name from pg_stat_activity where query like '%transaction_read_only%'",
    );
    for (const { name } of rows) found.add(name);
    return NAMES.every((name) => found.has(name));
  });
  await goesOn(load);
  const completed = async () => {
    const [row] = await cluster.sql<{ count: number }>(
      `select count(*)::integer as count from deliveries where status = 'completed'`,
    );
    return row!.count;
  };
  const before = await completed();
  await eventually('deliveries are completed there', async () => (await completed()) > before);
}

async function untilReplicated({ primary }: PostgresPair): Promise<void> {
  const [at] = await primary.run('select pg_current_wal_lsn()::text as lsn');
  await eventually('the standby has it', async () => {
    const [row] = await primary.run(`select flush_lsn >= '${at!.lsn}' as has from pg_stat_replication`);
    return row?.has === true;
  });
}

type Member = PostgresPair['primary'];

async function leadersAt(member: Member): Promise<number> {
  const rows = await member.run(`select from pg_locks where locktype = 'advisory' and objid = 2 and granted`);
  return rows.length;
}

async function nodesAt(member: Member): Promise<number> {
  const rows = await member.run(
    `select from pg_stat_activity where datname = 'inbox' and backend_type = 'client backend' and application_name in ('one', 'two')`,
  );
  return rows.length;
}

import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { after, before, describe, it, type TestContext } from 'node:test';
import pg from 'pg';
import { eventually } from '../../../testkit/eventually.ts';
import { startPostgres, type TestPostgres } from '../../../testkit/postgres.ts';
import type { Store } from '../store.ts';
import { openPostgresStore } from './open.ts';

let server: TestPostgres;
before(async () => {
  server = await startPostgres();
});
after(() => server.stop());

async function openNodes(t: TestContext, count: number): Promise<{ url: string; nodes: Store[] }> {
  const url = await server.createDatabase();
  const nodes = await Promise.all(
    Array.from({ length: count }, () => openPostgresStore({ url, maxPendingDeliveries: 10 })),
  );
  t.after(() => Promise.all(nodes.map((node) => node.close())));
  return { url, nodes };
}

/** What a standby, or a primary that was demoted, answers. */
async function setReadOnly(value: 'on' | 'off'): Promise<void> {
  const admin = new pg.Client({ connectionString: server.url });
  await admin.connect();
  await admin.query(`alter system set default_transaction_read_only = ${value}`);
  await admin.query('select pg_reload_conf()');
  await admin.end();
}

async function rolesOf(nodes: readonly Store[]): Promise<string[]> {
  return Promise.all(nodes.map((node) => node.tryLead()));
}

describe('leadership', () => {
  it('is one node’s, and stays with it', async (t) => {
    const { nodes } = await openNodes(t, 3);
    const roles = await rolesOf(nodes);
    assert.deepEqual(roles.toSorted(), ['follower', 'follower', 'leader']);
    for (let i = 0; i < 5; i++) assert.deepEqual(await rolesOf(nodes), roles);
  });

  it('moves at once when its node closes', async (t) => {
    const { nodes } = await openNodes(t, 3);
    const leader = (await rolesOf(nodes)).indexOf('leader');
    await nodes[leader]!.close();
    const others = nodes.filter((_, at) => at !== leader);
    assert.deepEqual((await rolesOf(others)).toSorted(), ['follower', 'leader']);
  });

  it('moves when the connection of its node dies, and the node knows that it no longer leads', async (t) => {
    const { nodes, url } = await openNodes(t, 2);
    const roles = await rolesOf(nodes);
    const old = nodes[roles.indexOf('leader')]!;
    const other = nodes[roles.indexOf('follower')]!;
    await endSessions(url);
    await eventually('the other leads', async () => (await other.tryLead()) === 'leader');
    assert.equal(await old.tryLead(), 'follower');
  });

  it('ends on a server that takes no writes any more, and is had again when it does', async (t) => {
    const { nodes } = await openNodes(t, 1);
    const [node] = nodes;
    assert.equal(await node!.tryLead(), 'leader');
    await setReadOnly('on');
    await eventually('it leads no more', async () => (await node!.tryLead()) === 'follower');
    await setReadOnly('off');
    await eventually('it leads again', async () => (await node!.tryLead()) === 'leader');
  });

  it('moves away from a process that stands still, though its connection looks alive', async (t) => {
    const url = await server.createDatabase();
    const stopped = await startLeader(t, url);
    const other = await openPostgresStore({ url, maxPendingDeliveries: 10 });
    t.after(() => other.close());
    assert.equal(await other.tryLead(), 'follower');
    stopped.kill('SIGSTOP');
    await eventually('the other leads', async () => (await other.tryLead()) === 'leader');
  });
});

/** A process that leads, until the end of the test. */
async function startLeader(t: TestContext, url: string): Promise<ChildProcess> {
  const script = `
    const { openPostgresStore } = await import(${JSON.stringify(new URL('./open.ts', import.meta.url).href)});
    const store = await openPostgresStore({ url: ${JSON.stringify(url)}, maxPendingDeliveries: 10 });
    console.log(await store.tryLead());
    setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['--conditions=source', '--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.after(() => child.kill('SIGKILL'));
  const [said] = (await once(child.stdout!, 'data')) as [Buffer];
  assert.equal(String(said).trim(), 'leader');
  return child;
}

/** Ends the nodes' own sessions, as a broken network does. */
async function endSessions(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query(
    `select pg_terminate_backend(pid) from pg_stat_activity
     where datname = current_database() and application_name = 'webhook-receiver node'`,
  );
  await client.end();
}

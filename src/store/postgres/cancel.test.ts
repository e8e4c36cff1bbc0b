import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { after, before, describe, it, type TestContext } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';
import { createFakeClock } from '../../../testkit/fake-clock.ts';
import { startPostgres, type TestPostgres } from '../../../testkit/postgres.ts';
import { cancelStatement } from './cancel.ts';
import { ALWAYS_CLOSED } from './circuit-breaker.ts';
import { createPool } from './connect.ts';
import { createDatabase } from './database.ts';
import { probe } from './probe.ts';
import { createServers } from './servers.ts';
import { TimeoutError } from './store-failure.ts';

const SLEEP = { name: 'sleep', text: 'select pg_sleep(600)' };
const NEVER = new AbortController().signal;

let server: TestPostgres;
before(async () => {
  server = await startPostgres();
});
after(() => server.stop());

async function openPool(t: TestContext) {
  const url = await server.createDatabase();
  const admin = new pg.Client({ connectionString: url });
  await admin.connect();
  const pool = createPool({ servers: createServers(url), applicationName: 'test', isDirect: true }, 2, true);
  t.after(async () => {
    await pool.end();
    await admin.end();
  });
  /** Backends of the pool at work. */
  const busy = async () => {
    const { rows } = await admin.query(
      `select pid from pg_stat_activity where application_name = 'test' and state = 'active'`,
    );
    return rows.length;
  };
  return { pool, admin, busy };
}

/** Without a limit of its own: the suite's ends a wait that never does. */
async function untilEqual(look: () => Promise<number>, expected: number): Promise<void> {
  while ((await look()) !== expected) await pause(20);
}

describe('a request to cancel', () => {
  it('leaves it to the server to close the connection, as a pooler expects', async (t) => {
    const seen: string[] = [];
    const listener = createServer({ allowHalfOpen: true }, (socket) => {
      socket.once('end', () => seen.push('the client closes'));
      socket.once('data', async (request) => {
        seen.push(request.toString('hex'));
        // Both ends are in this process: after some turns what the client does with its request has come.
        for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve));
        seen.push('the server closes');
        socket.end();
      });
    }).listen(0, '127.0.0.1');
    await once(listener, 'listening');
    t.after(() => void listener.close());
    const { port } = listener.address() as AddressInfo;
    const connection = { stream: { remoteAddress: '127.0.0.1' } };
    const client = { host: 'db', port, processID: 7, secretKey: 9, connection } as unknown as pg.ClientBase;
    assert.equal(await cancelStatement(client), 'taken');
    assert.deepEqual(seen.slice(0, 2), ['0000001004d2162e0000000700000009', 'the server closes']);
  });
});

describe('a statement that is given up', () => {
  it('is cancelled on the server, and its connection closed', async (t) => {
    const { pool, busy } = await openPool(t);
    const database = createDatabase(pool, ALWAYS_CLOSED, true, 300);
    await assert.rejects(database.query(SLEEP), { code: 'STORE_UNAVAILABLE' });
    await untilEqual(busy, 0);
    await untilEqual(async () => pool.totalCount, 0);
  });

  it('is cancelled on the server that has it, wherever its name leads by now', async (t) => {
    const { pool, busy } = await openPool(t);
    const client = await pool.connect();
    const sleeping = assert.rejects(client.query(SLEEP.text), /canceling statement/);
    await untilEqual(busy, 1);
    const moved = Object.assign(Object.create(client) as pg.PoolClient, { host: 'moved.invalid' });
    assert.equal(await cancelStatement(moved), 'taken');
    await sleeping;
    client.release();
  });

  it('is not cancelled where nobody listens', async (t) => {
    const { pool } = await openPool(t);
    const client = await pool.connect();
    const elsewhere = Object.assign(Object.create(client) as pg.PoolClient, { port: 1 });
    assert.equal(await cancelStatement(elsewhere), 'refused');
    client.release();
  });
});

describe('a probe', () => {
  it('that gets its answer in time leaves its connection to others', async (t) => {
    const { pool } = await openPool(t);
    await probe(pool, { name: 'one', text: 'select 1' }, 10_000, NEVER);
    assert.equal(pool.idleCount, 1);
  });

  it('that gets none is cancelled before it fails, so that one is at work at most', async (t) => {
    const { pool, busy } = await openPool(t);
    for (let probes = 0; probes < 3; probes++) {
      const clock = createFakeClock();
      const probing = assert.rejects(probe(pool, SLEEP, 1_000, NEVER, clock), TimeoutError);
      await untilEqual(busy, 1);
      await clock.advance(1_000);
      await probing;
      await untilEqual(busy, 0);
    }
    await untilEqual(async () => pool.totalCount, 0);
  });

  it('is cancelled when nobody wants to know any more', async (t) => {
    const { pool, busy } = await openPool(t);
    const stopping = new AbortController();
    const probing = assert.rejects(probe(pool, SLEEP, 600_000, stopping.signal), TimeoutError);
    await untilEqual(busy, 1);
    stopping.abort();
    await probing;
    await untilEqual(busy, 0);
  });

  it('keeps its connection while the server does not answer, and works when it does', async (t) => {
    const { pool } = await openPool(t);
    await probe(pool, { name: 'one', text: 'select 1' }, 10_000, NEVER);
    await server.freeze();
    const clock = createFakeClock();
    const probing = probe(pool, { name: 'one', text: 'select 1' }, 1_000, NEVER, clock);
    await pause(50);
    await clock.advance(1_000);
    await pause(1_200);
    assert.equal(pool.totalCount, 1);
    server.thaw();
    await probing.catch((error: unknown) => assert.ok(error instanceof TimeoutError));
    await untilEqual(async () => pool.totalCount, 0);
  });
});

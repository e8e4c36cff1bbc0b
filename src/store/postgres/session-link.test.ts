import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { startPostgres, type TestPostgres } from '../../../testkit/postgres.ts';
import { startTcpProxy } from '../../../testkit/tcp-proxy.ts';
import { createServers } from './servers.ts';
import { createSessionLink } from './session-link.ts';

let servers: readonly [TestPostgres, TestPostgres];
before(async () => {
  servers = await Promise.all([startPostgres(), startPostgres()]);
});
after(() => Promise.all(servers.map((server) => server.stop())));

const portOf = ({ url }: TestPostgres) => Number(new URL(url).port);

describe("the connection of the node's session", () => {
  it('is given up when its address leads to another server, though the one of before works', async (t) => {
    const [before, now] = servers;
    const address = await startTcpProxy(portOf(before));
    t.after(address.cut);
    const url = `postgres://test@127.0.0.1:${address.port}/postgres`;
    const way = { servers: createServers(url), applicationName: 'test', isDirect: true };
    const link = createSessionLink(way, () => {});
    t.after(link.end);
    const first = await link.connect();
    await link.followAddress();
    assert.equal(link.live(), first, 'it leads to the same server');

    address.leadTo(portOf(now));
    await link.followAddress();
    assert.equal(link.live(), null);
    const { rows } = await (await link.connect()).query(`select current_setting('port')::integer as port`);
    assert.equal(rows[0].port, portOf(now));
  });

  it('is kept while nothing answers at its address: it works itself', async (t) => {
    const address = await startTcpProxy(portOf(servers[0]));
    t.after(address.cut);
    const url = `postgres://test@127.0.0.1:${address.port}/postgres`;
    const way = { servers: createServers(url), applicationName: 'test', isDirect: true };
    const link = createSessionLink(way, () => {});
    t.after(link.end);
    const first = await link.connect();
    address.leadTo(1);
    await assert.rejects(link.followAddress());
    assert.equal(link.live(), first);
    await first.query('select 1');
  });
});

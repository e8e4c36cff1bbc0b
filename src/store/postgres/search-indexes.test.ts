import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type pg from 'pg';
import { eventually } from '../../../testkit/eventually.ts';
import { startPostgres, type TestPostgres } from '../../../testkit/postgres.ts';
import type { IndexBuild } from '../store.ts';
import { connectClient } from './connect.ts';
import { openPostgresStore } from './open.ts';
import { createServers } from './servers.ts';

const ROWS = `
insert into events (id, received_at, source, idempotency_key, event_type, method, url, content_type, headers, body)
  select (lpad(to_hex(n), 12, '0') || '70008000000000000000')::uuid, n, case when n % 1000 = 7 then 'rare' else 's' end,
    'key-' || n, 't', 'POST', '/', '', '[]', 'x' from generate_series(1, 12000) n`;

/** Dead letters of two causes. */
const FAILED = `
insert into deliveries (event_id, number, destination, status, attempts, due_at, created_at, updated_at, last_error)
  select (lpad(to_hex(n), 12, '0') || '70008000000000000000')::uuid, 1, 'a', 'failed', 1, n, n, n,
    case when n % 2 = 0 then 'no order ' || n else 'no customer ' || n end
  from generate_series(1, 1200) n`;

describe('indexes that the migration has left to the program', () => {
  let server: TestPostgres;
  let client: pg.Client;
  before(async () => {
    server = await startPostgres();
    await (await openPostgresStore({ url: server.url, maxPendingDeliveries: 1 })).close();
    client = await connectClient({
      servers: createServers(server.url),
      applicationName: 'test',
      isDirect: true,
    });
    await client.query(ROWS);
  });
  after(async () => {
    await client.end();
    await server.stop();
  });

  const isReady = async () => {
    const { rows } = await client.query(
      `select count(*)::integer as ready from pg_index
       where indisvalid and indexrelid in (
         to_regclass('events_by_source'), to_regclass('events_by_type'), to_regclass('deliveries_failures'))`,
    );
    return rows[0].ready === 3;
  };

  /** Opens two nodes, and searches until the indexes are ready. */
  async function openUntilReady(): Promise<readonly IndexBuild[]> {
    const builds: IndexBuild[] = [];
    const options = { url: server.url, maxPendingDeliveries: 1 };
    const observer = { onSearchIndex: (build: IndexBuild) => void builds.push(build) };
    const nodes = [
      await openPostgresStore({ ...options, observer }),
      await openPostgresStore({ ...options, observer }),
    ];
    const filter = [{ field: 'source', values: ['rare'], negated: false }] as const;
    await eventually('the indexes are ready', async () => {
      for (const node of nodes) {
        const found: string[] = [];
        let cursor: string | null = null;
        do {
          const slice = await node.searchSlice({ filter, limit: 100, cursor });
          found.push(...slice.hits.map(({ event }) => event.id));
          cursor = slice.next;
        } while (cursor !== null);
        assert.equal(found.length, 12);
      }
      const count = (kind: string) => builds.filter((build) => build.kind === kind).length;
      return (await isReady()) && count('building') === count('built');
    });
    await Promise.all(nodes.map((node) => node.close()));
    return builds;
  }

  it('are built by one node beside the work, and searches find the same before and after', async () => {
    await client.query('drop index events_by_source, events_by_type');
    const builds = await openUntilReady();
    assert.deepEqual(
      builds.map((build) => [build.kind, 'name' in build && build.name]),
      ['events_by_source', 'events_by_type'].flatMap((name) => [
        ['building', name],
        ['built', name],
      ]),
    );
  });

  it('are built anew where a build was cut off', async () => {
    await client.query(
      `update pg_index set indisvalid = false where indexrelid = 'events_by_type'::regclass`,
    );
    const builds = await openUntilReady();
    assert.deepEqual(
      builds.map((build) => [build.kind, 'name' in build && build.name]),
      [
        ['building', 'events_by_type'],
        ['built', 'events_by_type'],
      ],
    );
  });

  it('that of failures is built, too, and what an earlier version has given up is grouped', async () => {
    await client.query('drop index deliveries_failures');
    await client.query(FAILED);
    const builds = await openUntilReady();
    assert.deepEqual(
      builds.map((build) => [build.kind, 'name' in build && build.name]),
      [
        ['building', 'deliveries_failures'],
        ['built', 'deliveries_failures'],
      ],
    );
    const store = await openPostgresStore({ url: server.url, maxPendingDeliveries: 1 });
    await eventually('all are grouped', async () => {
      const groups = await store.failureGroups(null);
      return groups.every(({ group, count }) => group !== null && count === 600);
    });
    assert.equal((await store.failureGroups('a')).length, 2);
    await store.close();
  });

  it('are left alone once they are there', async () => {
    assert.deepEqual(await openUntilReady(), []);
  });
});

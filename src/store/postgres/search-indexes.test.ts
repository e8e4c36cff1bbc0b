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

describe('what the migration has left to the program', () => {
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
       where indisvalid and indexrelid = to_regclass('deliveries_failures')
         and to_regclass('events_by_source') is null and to_regclass('events_by_type') is null
         and (select is_complete from event_range_fill)`,
    );
    return rows[0].ready === 1;
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

  /** As an upgrade finds it, or a node on which a version of before has worked since. */
  async function unrange(state: string): Promise<void> {
    await client.query(`
      truncate event_ranges;
      create index if not exists events_by_source on events (source, id);
      create index if not exists events_by_type on events (event_type collate "C", id);
      update event_range_fill set ${state}`);
  }

  const namesOf = (builds: readonly IndexBuild[]) =>
    builds.map((build) => [build.kind, 'name' in build && build.name]);
  const FILLED = [
    ['building', 'event_ranges'],
    ['built', 'event_ranges'],
  ];

  it('ranges are written by one node beside the work, and searches find the same before and after', async () => {
    await unrange('is_complete = false, since_ms = 0');
    assert.deepEqual(namesOf(await openUntilReady()), FILLED);
    const { rows } = await client.query(`
      select source, count(*)::integer as ranges, min(first_ms)::integer as first, max(last_ms)::integer as last
      from event_ranges group by source order by source`);
    assert.deepEqual(rows, [
      { source: 'rare', ranges: 12, first: 7, last: 11_007 },
      { source: 's', ranges: 6, first: 1, last: 12_000 },
    ]);
  });

  it('that goes on where it was cut off', async () => {
    await unrange(`is_complete = false, since_ms = 0, reached = '00000000-1771-7000-8000-000000000000'`);
    const store = await openPostgresStore({ url: server.url, maxPendingDeliveries: 1 });
    await eventually('the ranges are complete', isReady);
    await store.close();
    const { rows } = await client.query('select max(last_ms)::integer as last from event_ranges');
    assert.deepEqual(rows, [{ last: 6_000 }]);
  });

  it('anew, and not at once, where a version of before has built its indexes again', async () => {
    await unrange('is_complete = true, since_ms = 0');
    const builds: IndexBuild[] = [];
    const observer = { onSearchIndex: (build: IndexBuild) => void builds.push(build) };
    const store = await openPostgresStore({ url: server.url, maxPendingDeliveries: 1, observer });
    await eventually('it is seen', async () => {
      const { rows } = await client.query('select is_complete, reached, since_ms from event_range_fill');
      return !rows[0].is_complete && rows[0].reached === null && rows[0].since_ms > 0;
    });
    const filter = [{ field: 'source', values: ['rare'], negated: false }] as const;
    assert.equal((await store.searchSlice({ filter, limit: 100, cursor: null })).hits.length, 12);
    await store.close();
    assert.deepEqual(builds, []);
    await client.query('update event_range_fill set since_ms = 0');
    assert.deepEqual(namesOf(await openUntilReady()), FILLED);
  });

  it('the index of failures is built, and what an earlier version has given up is grouped', async () => {
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

  it('is left alone once it is there', async () => {
    assert.deepEqual(await openUntilReady(), []);
  });
});

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type pg from 'pg';
import { startPostgres, type TestPostgres } from '../../../testkit/postgres.ts';
import { type Filter, resolveFilter } from '../../filter/filter.ts';
import { readFilter } from '../../filter/read-filter.ts';
import { idRange, planSearch } from '../plan-search.ts';
import { SEARCH_SLICE } from '../store.ts';
import { connectClient } from './connect.ts';
import type { Query } from './database.ts';
import { writeRangesOf } from './event-ranges.ts';
import { openPostgresStore } from './open.ts';
import { PLANNER, sliceStatement } from './search.ts';
import type { Path } from './search-candidates.ts';
import { columnOf } from './search-column.ts';
import { findRanged } from './search-ranges.ts';
import { createServers } from './servers.ts';

const EVENTS = 60_000;

/** One event in a thousand is of a rare source and type; one in a hundred has failed, the oldest hundred wait. */
const ROWS = `
create function pg_temp.id_of(n integer) returns uuid language sql as
  $$ select (lpad(to_hex(n), 12, '0') || '70008000000000000000')::uuid $$;
insert into events (id, received_at, source, idempotency_key, event_type, method, url, content_type, headers, body)
  select pg_temp.id_of(n), n, case when n % 1000 = 0 then 'rare' else 's' end, 'key-' || n,
    case when n % 1000 = 0 then 'rare' else 't' end, 'POST', '/', '', '[]', 'x' from generate_series(1, ${EVENTS}) n;
with ${writeRangesOf('events')} select;
create index events_by_source on events (source, id);
create index events_by_type on events (event_type collate "C", id);
insert into deliveries (event_id, number, destination, status, attempts, due_at, created_at, updated_at)
  select pg_temp.id_of(n), 1, 'd' || n % 5,
    case when n < 100 then 'pending' when n % 100 = 0 then 'failed' else 'completed' end, 1, n, n, n
  from generate_series(1, ${EVENTS}) n;
insert into event_search (name, value, event_id)
  select 'order', n % 100, pg_temp.id_of(n) from generate_series(1, ${EVENTS}) n;
insert into attempts (event_id, delivery, number, started_at, ended_at, outcome)
  select pg_temp.id_of(n), 1, 1, n, n, 'succeeded' from generate_series(1, ${EVENTS}) n;
`;

/** Filters, and an index by which the candidates come; by source and type those of an inbox without ranges. */
const PATHS: readonly (readonly [filter: string, index: string])[] = [
  ['', 'events_pkey'],
  ['since:2h until:1h', 'events_pkey'],
  ['id:00000000-0001-7000-8000-000000000000', 'events_pkey'],
  ['key:key-1,key-2', 'events_by_key'],
  ['search:order=42', 'event_search_pkey'],
  ['source:rare', 'events_by_source'],
  ['source:rare,s', 'events_by_source'],
  ['type:rare source:rare', 'events_by_type'],
  ['type:rare body~"y" -http:5xx', 'events_by_type'],
  ['type:ra* http:503 -error~"x"', 'events_pkey'],
  ['body:/a=b header:x~y -body:/c=d', 'events_pkey'],
  ['status:failed', 'deliveries_dead'],
  ['group:0f1e2d3c4b5a6978', 'deliveries_dead'],
  ['status:failed destination:d1 replay:no error~"x"', 'deliveries_dead'],
  ['status:pending order:k', 'deliveries_due'],
  ['status:processing,failed', 'deliveries_leased'],
];

type Plan = Readonly<{
  'Node Type': string;
  'Relation Name'?: string;
  'Index Name'?: string;
  Plans?: readonly Plan[];
}>;

describe('a slice of a search', () => {
  let server: TestPostgres;
  let client: pg.Client;
  before(async () => {
    server = await startPostgres();
    await (await openPostgresStore({ url: server.url, maxPendingDeliveries: 1 })).close();
    const servers = createServers(server.url);
    client = await connectClient({ servers, applicationName: 'test', isDirect: true });
    await client.query(ROWS);
  });
  after(async () => {
    await client.end();
    await server.stop();
  });

  async function assertBounded(text: string, index: string): Promise<void> {
    const reading = readFilter(text);
    assert.ok(reading.kind === 'read', text);
    const filter = resolveFilter(reading.filter, EVENTS);
    const walk = { filter, path: pathOf(filter), before: null, limit: 50 };
    const { statement, values } = sliceStatement(walk, SEARCH_SLICE.rows, SEARCH_SLICE.bytes);
    await client.query('begin');
    await client.query(PLANNER.text);
    const { rows } = await client.query(`explain (analyze, buffers, format json) ${statement.text}`, values);
    await client.query('commit');
    const plan = rows[0]['QUERY PLAN'][0].Plan;
    const nodes = nodesOf(plan);
    const scans = nodes
      .filter((node) => node['Node Type'] === 'Seq Scan')
      .map((node) => node['Relation Name']);
    assert.deepEqual(scans, [], text);
    const indexes = nodes.flatMap((node) => node['Index Name'] ?? []);
    assert.ok(indexes.includes(index), `${text} goes by ${indexes.join()}`);
    const blocks = plan['Shared Hit Blocks'] + plan['Shared Read Blocks'];
    assert.ok(blocks < 16 * SEARCH_SLICE.rows, `${text} reads ${blocks} blocks`);
  }

  it('goes by an index, whatever the statistics say', async () => {
    for (const [filter, index] of PATHS) await assertBounded(filter, index);
    await client.query('analyze');
    for (const [filter, index] of PATHS) await assertBounded(filter, index);
  });

  /** Filters by source and type, how many events fit, and the most blocks that may be read to find the newest 50. */
  const BY_KIND: readonly (readonly [filter: string, found: number, blocks: number])[] = [
    ['source:rare', 50, 1_200],
    ['type:rare', 50, 1_200],
    ['type:ra*,none', 50, 1_200],
    ['-type:t', 50, 1_200],
    ['type:t', 50, 1_200],
    ['source:s until:55s', 50, 1_200],
    ['source:rare until:58s', 1, 300],
    ['source:rare type:t', 0, 100],
    ['type:none', 0, 100],
  ];

  it('reads few events besides those of the sources and types that it looks for', async () => {
    for (const [text, found, most] of BY_KIND) {
      const reading = readFilter(text);
      assert.ok(reading.kind === 'read', text);
      const filter = resolveFilter(reading.filter, EVENTS);
      let blocks = 0;
      const query: Query = async ({ text: sql }, values = []) => {
        const { rows } = await client.query(`explain (analyze, buffers, format json) ${sql}`, [...values]);
        const plan = rows[0]['QUERY PLAN'][0].Plan;
        const scans = nodesOf(plan).filter((node) => node['Node Type'] === 'Seq Scan');
        assert.deepEqual(scans, [], text);
        blocks += plan['Shared Hit Blocks'] + plan['Shared Read Blocks'];
        return (await client.query(sql, [...values])).rows;
      };
      await client.query('begin');
      await client.query(PLANNER.text);
      const ranged = await findRanged(query, filter, idRange(filter, null), 50);
      await client.query('commit');
      assert.equal(ranged?.ids.length, found, text);
      assert.ok(blocks <= most, `${text} reads ${blocks} blocks`);
    }
  });
});

function pathOf(filter: Filter): Path {
  const path = planSearch(filter);
  return path.kind === 'kinds' ? (columnOf(filter) ?? { kind: 'time' }) : path;
}

function nodesOf(plan: Plan): Plan[] {
  return [plan, ...(plan.Plans ?? []).flatMap(nodesOf)];
}

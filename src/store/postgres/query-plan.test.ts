import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type pg from 'pg';
import { startPostgres, type TestPostgres } from '../../../testkit/postgres.ts';
import * as audit from './audit.ts';
import * as browse from './browse.ts';
import * as rejectedQueries from './browse-rejected.ts';
import { CLAIM } from './claim.ts';
import { CLAIM_BY_IDS } from './claim-by-ids.ts';
import { AWAITED } from './complete.ts';
import { connectClient } from './connect.ts';
import type { Statement } from './database.ts';
import { HOLD_PENDING } from './destinations.ts';
import { COUNT_DUE, DUE_PENDING } from './due.ts';
import { DUPLICATES_OF, NOTE_DUPLICATES } from './duplicates.ts';
import * as erasable from './erasable.ts';
import * as erase from './erase-statements.ts';
import { ALERTS_PENDING } from './exempt.ts';
import { EXPIRED } from './expired.ts';
import { EXTEND } from './extend.ts';
import { FAILURE_GROUPS } from './failures.ts';
import { FILL_RANGES, RANGE_FILL } from './fill-ranges.ts';
import { GROUP, OLDER } from './group-older.ts';
import { ADD_HISTORY } from './history.ts';
import { TRIED } from './in-doubt.ts';
import { insertStatements } from './insert-statements.ts';
import { KNOWN, KNOWN_ERASED, LATER_KEYS, NEWEST, NEWEST_ERASED } from './known.ts';
import { FIRST_BEHIND } from './look-behind.ts';
import * as minuteStatements from './minutes.ts';
import { openPostgresStore } from './open.ts';
import * as operationRows from './operation-rows.ts';
import { BLOCKED, BLOCKED_OF, RELEASE, TURNS_AFTER } from './order.ts';
import { LOCK_DOOMED, OLDEST, PURGE, PURGE_RANGES } from './purge.ts';
import * as rejected from './rejected.ts';
import { LOCK_EVENT, REPLAY } from './replay.ts';
import { RESCHEDULE } from './reschedule.ts';
import { SOURCES_OF_RANGES, TYPES_OF_SOURCES } from './search-kinds.ts';
import { RANGES_OF_KINDS } from './search-ranges.ts';
import { createServers } from './servers.ts';
import { SETTLE, SETTLE_ORDERED } from './settle.ts';
import * as sourceState from './source-state.ts';
import { OLDEST_HELD, OLDEST_PENDING } from './stats.ts';
import * as workStatements from './work-statements.ts';

const isStatement = (value: unknown): value is Statement =>
  typeof value === 'object' && value !== null && 'text' in value && 'name' in value;

/** Every statement whose cost must not depend on what is stored. The sums over a handful of counters are no such. */
const STATEMENTS: readonly Statement[] = [
  ...[CLAIM, SETTLE, EXTEND, EXPIRED, KNOWN, NEWEST, LATER_KEYS, LOCK_EVENT, REPLAY, TRIED, AWAITED],
  ...[...insertStatements(), NOTE_DUPLICATES, DUPLICATES_OF],
  ...[SETTLE_ORDERED, BLOCKED, BLOCKED_OF, RELEASE, TURNS_AFTER],
  ...[FIRST_BEHIND, CLAIM_BY_IDS, COUNT_DUE, DUE_PENDING, RESCHEDULE],
  ...[OLDEST, LOCK_DOOMED, PURGE, OLDEST_PENDING, OLDEST_HELD, HOLD_PENDING, ALERTS_PENDING, ADD_HISTORY],
  ...[FAILURE_GROUPS, GROUP, OLDER],
  ...[PURGE_RANGES, SOURCES_OF_RANGES, TYPES_OF_SOURCES, RANGES_OF_KINDS, RANGE_FILL, FILL_RANGES],
  ...[KNOWN_ERASED, NEWEST_ERASED],
  ...[
    audit,
    browse,
    erasable,
    erase,
    rejected,
    rejectedQueries,
    sourceState,
    operationRows,
    workStatements,
    minuteStatements,
  ].flatMap((module) => Object.values(module).filter(isStatement)),
];

const EVENTS = 100_000;

/** A history, a backlog and some leases. */
const ROWS = `
create function pg_temp.id_of(n integer) returns uuid language sql as
  $$ select (lpad(to_hex(n), 12, '0') || '70008000000000000000')::uuid $$;
insert into events (id, received_at, source, idempotency_key, event_type, method, url, content_type, headers, body)
  select pg_temp.id_of(n), n, 's', 'key-' || n, 't', 'POST', '/', '', '[]', 'x' from generate_series(1, ${EVENTS}) n;
insert into event_ranges select n, n + 3, 's' || n % 3, 't' || n % 7 from generate_series(1, ${EVENTS}, 4) n;
insert into deliveries (event_id, number, destination, status, attempts, due_at, created_at, updated_at, lease_token,
    lease_until)
  select pg_temp.id_of(n), 1, 'd' || n % 5,
    case when n % 10 < 6 then 'completed' when n % 10 < 9 then 'pending' else 'processing' end, 1, n, n, n,
    case when n % 10 = 9 then 'token-' || n end, case when n % 10 = 9 then n end
  from generate_series(1, ${EVENTS}) n;
insert into attempts (event_id, delivery, number, started_at, ended_at, outcome)
  select pg_temp.id_of(n), 1, 1, n, n, 'succeeded' from generate_series(1, ${EVENTS}) n;
insert into replay_marks select 's', decode(md5(n::text), 'hex'), pg_temp.id_of(n), n
  from generate_series(1, ${EVENTS / 10}) n;
insert into rejected (received_at, kept_bytes, body_bytes, id, source, reason, detail, method, url, content_type, headers)
  select n, 1, 1, pg_temp.id_of(n), 's' || n % 50, 'r', '', 'POST', '/', '', '[]'
  from generate_series(1, ${EVENTS / 10}) n;
insert into audit (seq, at, actor, role, action, target, hash)
  select n, n, 'a' || n % 5, 'admin', 'delivery.replay', 't' || n, '' from generate_series(1, ${EVENTS / 10}) n;
insert into erased select pg_temp.id_of(n), 's', decode(md5(n::text), 'hex'), 1, n from generate_series(1, ${EVENTS / 10}) n;
insert into operations (id, version, state, content, over_at)
  select pg_temp.id_of(n), 1, case when n % 1000 = 0 then 'running' else 'completed' end, '{}', n
  from generate_series(1, ${EVENTS / 10}) n;
insert into operation_targets select pg_temp.id_of(n % 100), n, 'x', 'x' from generate_series(1, ${EVENTS / 10}) n;
insert into minute_counts select n, 'a', 1, 1, 1 from generate_series(1, ${EVENTS / 10}) n;
insert into source_state select 's' || n, 'n', 'v', n from generate_series(1, ${EVENTS / 10}) n;
`;

type Plan = Readonly<{
  'Node Type': string;
  'Relation Name'?: string;
  'Index Name'?: string;
  'Index Cond'?: string;
  Plans?: readonly Plan[];
}>;

let server: TestPostgres;
let client: pg.Client;
before(async () => {
  server = await startPostgres();
  await (await openPostgresStore({ url: server.url, maxPendingDeliveries: 1 })).close();
  const servers = createServers(server.url);
  client = await connectClient({ servers, applicationName: 'test', isDirect: true });
});
after(async () => {
  await client.end();
  await server.stop();
});

/** The plan that the statement has as the program prepares it, whatever its values. */
async function planOf({ name, text }: Statement): Promise<Plan> {
  const last = Math.max(0, ...[...text.matchAll(/\$(\d+)/g)].map(([, number]) => Number(number)));
  await client.query(`prepare ${name} as ${text}`);
  const values = Array.from({ length: last }, () => 'null').join(', ');
  const { rows } = await client.query(
    `explain (format json) execute ${name}${last === 0 ? '' : `(${values})`}`,
  );
  await client.query(`deallocate ${name}`);
  return rows[0]['QUERY PLAN'][0].Plan;
}

/** Of all that is pending, by the index of what is due: it begins with the destination. */
function isWalk(plan: Plan): boolean {
  return plan['Index Name'] === 'deliveries_due' && !/destination\b[^=]* = /.test(plan['Index Cond'] ?? '');
}

const COUNTERS: ReadonlySet<string | undefined> = new Set([
  'totals',
  'erasure',
  'delivery_counts',
  'destination_state',
]);

function scansOf(plan: Plan): string[] {
  const below = (plan.Plans ?? []).flatMap(scansOf);
  const relation = plan['Relation Name'];
  // Rows for each shard and destination, and the one row of the erasure, read whole on purpose.
  const isScan = plan['Node Type'] === 'Seq Scan' && !COUNTERS.has(relation);
  if (isScan) below.push(`${plan['Node Type']} on ${relation}`);
  if (isWalk(plan)) below.push(`${plan['Index Name']} without a destination`);
  return below;
}

async function scans(): Promise<string[]> {
  const found: string[] = [];
  for (const statement of STATEMENTS) {
    for (const scan of scansOf(await planOf(statement))) found.push(`${statement.name}: ${scan}`);
  }
  return found;
}

describe('every statement goes by indexes', () => {
  it('as it is planned on empty tables, which is when programs first prepare it', async () => {
    assert.ok(STATEMENTS.length > 25, `${STATEMENTS.length} statements`);
    assert.deepEqual(await scans(), []);
  });

  it('with a history of 100,000 events, before it was analysed and after', async () => {
    await client.query(ROWS);
    assert.deepEqual(await scans(), []);
    await client.query('analyze');
    assert.deepEqual(await scans(), []);
  });

  it('a claim reads as many rows as it takes, however long the backlog is', async () => {
    const { rows } = await client.query(`explain (analyze, buffers, format json) ${CLAIM.text}`, [
      ['d1', 'd3'],
      [10, 10],
      [0, 0],
      ['t', 't'],
      [EVENTS, EVENTS],
      [EVENTS, EVENTS],
      1e9,
      [0, 0],
    ]);
    const plan = rows[0]['QUERY PLAN'][0].Plan;
    const blocks = plan['Shared Hit Blocks'] + plan['Shared Read Blocks'];
    assert.ok(blocks < 2_000, `${blocks} blocks`);
  });

  it('the check sees a scan', async () => {
    const plan = await planOf({ name: 'bad', text: "select 1 from deliveries where last_error = 'x'" });
    assert.deepEqual(scansOf(plan), ['Seq Scan on deliveries']);
    const walk = await planOf({
      name: 'worse',
      text: "select due_at from deliveries where status = 'pending'",
    });
    assert.deepEqual(scansOf(walk), ['deliveries_due without a destination']);
  });
});

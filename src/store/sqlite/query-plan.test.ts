import assert from 'node:assert/strict';
import { join } from 'node:path';
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { test } from 'node:test';
import { tempDir } from '../../../testkit/temp-dir.ts';
import { LOOK } from './completing-connection.ts';
import { openWriter } from './connect.ts';
import { prepareReads } from './reads.ts';
import { prepareBatch } from './transaction.ts';

/** Tables of a fixed handful of rows, which are read whole on purpose, and what a limit has bounded. */
const SMALL =
  /SCAN (\(subquery-\d+\)|delivery_counts|order_counts|held_counts|destination_state|totals|erasure|CONSTANT ROW|pragma_\w+ VIRTUAL TABLE)/;

/**
 * The whole of a partial index, in its order: a limit of one ends the first at its first entry, and the other one has the
 * dead letters, which are counted. Operations that are under way are a handful, and a process works on a few of them.
 */
const WALK =
  /SCAN (?:deliveries USING (?:INDEX deliveries_waiting|COVERING INDEX deliveries_failures)|operations USING INDEX operations_active|json_each VIRTUAL TABLE)/;

/** Every statement that the program prepares, as the driver's own code prepares them. */
function preparedStatements(db: DatabaseSync): string[] {
  const seen: string[] = [];
  const prepare = db.prepare.bind(db);
  db.prepare = (sql: string): StatementSync => {
    seen.push(sql);
    return prepare(sql);
  };
  prepareBatch(db, { maxPendingDeliveries: 1000, maxHeldDeliveries: 1000 });
  prepareReads(db);
  seen.push(LOOK);
  return seen.filter((sql) => !/^\s*(begin|commit|pragma)/i.test(sql));
}

function planOf(db: DatabaseSync, sql: string): string[] {
  const parameters = new Set([...sql.matchAll(/\?(\d*)/g)].map(([, number], at) => number || `at ${at}`));
  return db
    .prepare(`explain query plan ${sql}`)
    .all(...Array(parameters.size).fill(1))
    .map(({ detail }) => String(detail));
}

test('every statement is served by an index: none scans a table or sorts', async (t) => {
  const db = openWriter(join(await tempDir(t), 'events.db'));
  t.after(() => db.close());
  const statements = preparedStatements(db);
  assert.ok(statements.length > 40, `${statements.length} statements`);
  for (const sql of statements) {
    for (const step of planOf(db, sql)) {
      const fits = !/SCAN|USE TEMP B-TREE/.test(step) || SMALL.test(step) || WALK.test(step);
      assert.ok(fits, `${step} in ${sql}`);
    }
  }
});

test('a claim walks its partial index and stops at the limit', async (t) => {
  const db = openWriter(join(await tempDir(t), 'events.db'));
  t.after(() => db.close());
  const claims = preparedStatements(db).filter((sql) => sql.includes("status = 'pending'"));
  const plans = claims
    .map((sql) => planOf(db, sql).join('; '))
    .filter((plan) => plan.includes('deliveries_due'));
  assert.ok(plans.length >= 2);
  for (const plan of plans) assert.match(plan, /SEARCH deliveries USING (COVERING )?INDEX deliveries_due/);
});

/** Statements by a part of their text, and what their plan must be: no more rows are looked at than are answered or deleted. */
const PLANS: readonly (readonly [part: string, plan: RegExp])[] = [
  [
    "order_key = ? and turn = 'holds'",
    /^SEARCH deliveries USING INDEX deliveries_turn \(destination=\? AND order_key=\?\)$/,
  ],
  [
    "turn = 'waits' order by key limit 1",
    /SEARCH deliveries USING COVERING INDEX deliveries_in_line \(destination=\? AND order_key=\?\)$/,
  ],
  [
    "turn = 'waits' limit",
    /SEARCH deliveries USING COVERING INDEX deliveries_in_line \(destination=\? AND order_key=\?\)/,
  ],
  ['(destination, order_key) > (?, ?)', /^SEARCH deliveries USING INDEX deliveries_blocking/],
  [
    'destination = ? and order_key >= ?',
    /^SEARCH deliveries USING INDEX deliveries_blocking \(destination=\? AND order_key>\?\)$/,
  ],
  ["h.turn = 'holds'", /SEARCH h USING INDEX deliveries_turn \(destination=\? AND order_key=\?\)/],
  ['(select seq from replay_marks', /SEARCH replay_marks USING PRIMARY KEY \(digest=\? AND source=\?\)/],
  ['delete from replay_marks', /^SEARCH replay_marks USING PRIMARY KEY \(digest=\? AND source=\?\)/],
  [
    'from rejected where source = ? and seq <',
    /^SEARCH rejected USING INDEX rejected_by_source \(source=\? AND seq<\?\)$/,
  ],
  ['from rejected where source = ? order by', /^SEARCH rejected USING COVERING INDEX rejected_by_source/],
  ['from rejected where seq <', /^SEARCH rejected USING INTEGER PRIMARY KEY \(rowid<\?\)$/],
  ['from rejected where received_at <', /^SEARCH rejected USING COVERING INDEX rejected_by_time/],
  ['from rejected_totals', /^SEARCH rejected_totals USING PRIMARY KEY/],
  ['from source_state where source = ? order by', /^SEARCH source_state USING PRIMARY KEY \(source=\?\)$/],
];

test('marks, turns, rejected requests and source state are found where they lie', async (t) => {
  const db = openWriter(join(await tempDir(t), 'events.db'));
  t.after(() => db.close());
  const statements = preparedStatements(db);
  for (const [part, plan] of PLANS) {
    const found = statements.filter((sql) => sql.includes(part));
    assert.ok(found.length > 0, `no statement has ${part}`);
    for (const sql of found) assert.match(planOf(db, sql).join('; '), plan, sql);
  }
});

test('the check sees a scan', async (t) => {
  const db = openWriter(join(await tempDir(t), 'events.db'));
  t.after(() => db.close());
  assert.match(planOf(db, "select key from deliveries where last_error = 'x'").join(), /SCAN deliveries/);
});

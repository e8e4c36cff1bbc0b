import assert from 'node:assert/strict';
import { join } from 'node:path';
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { test } from 'node:test';
import { anAttempt, anEvent } from '../../../testkit/builders.ts';
import { FAKE_EPOCH_MS as T0 } from '../../../testkit/fake-clock.ts';
import { tempDir } from '../../../testkit/temp-dir.ts';
import { resolveFilter } from '../../filter/filter.ts';
import { readFilter } from '../../filter/read-filter.ts';
import { groupAfter } from '../failure-group.ts';
import { openReader } from './connect.ts';
import { openSqliteStore } from './open.ts';
import { prepareSearch } from './search.ts';

const EVENT = anEvent({ source: 'stripe', eventType: 'paid', idempotencyKey: 'k' });

const ATTEMPT = anAttempt({ httpStatus: 503 });
const GROUP = groupAfter({ kind: 'failed', error: 'x' }, ATTEMPT);

const BY_KIND = /SCAN j VIRTUAL TABLE.*\n.*SEARCH e USING (INTEGER PRIMARY KEY|.*INDEX)/;

/** Filters, and the index that the candidates come by. */
const PATHS: readonly (readonly [filter: string, index: RegExp])[] = [
  ['', /USING COVERING INDEX sqlite_autoindex_events_1 \(id>\? AND id<\?\)/],
  ['since:2h until:1h', /USING COVERING INDEX sqlite_autoindex_events_1 \(id>\? AND id<\?\)/],
  [`id:${EVENT.id}`, /SEARCH events USING (COVERING )?INDEX sqlite_autoindex_events_1 \(id=\?\)/],
  ['key:k', /SEARCH e USING INDEX events_by_key \(source=\? AND idempotency_key=\?\)/],
  ['search:order=42', /SEARCH s USING PRIMARY KEY \(name=\? AND value=\? AND id>\? AND id<\?\)/],
  ['source:stripe', BY_KIND],
  ['source:stripe,shop', BY_KIND],
  ['source:stripe type:paid', BY_KIND],
  ['type:paid body~"x" -http:5xx', BY_KIND],
  ['type:pa* http:503 -error~"x"', BY_KIND],
  ['body:/a=b header:x~y -body:/c=d', /USING COVERING INDEX sqlite_autoindex_events_1 \(id>\? AND id<\?\)/],
  ['status:failed', /SEARCH deliveries USING COVERING INDEX deliveries_dead \(key>\? AND key<\?\)/],
  [`group:${GROUP}`, /COVERING INDEX deliveries_dead \(key>\? AND key<\?\)/],
  ['status:failed destination:a replay:no error~"x"', /COVERING INDEX deliveries_dead \(key>\? AND key<\?\)/],
  ['status:failed source:stripe', BY_KIND],
  ['status:pending order:k', /SCAN deliveries USING COVERING INDEX deliveries_due/],
  [
    'status:pending destination:c',
    /SEARCH deliveries USING COVERING INDEX deliveries_due \(destination=\?\)/,
  ],
  ['status:processing,failed', /SCAN deliveries USING COVERING INDEX deliveries_leased/],
];

/**
 * What may be walked whole: the slice itself, the counts of destinations, and the partial indexes of open deliveries, which are bounded. Sorting is
 * of these too.
 */
const BOUNDED =
  /^SCAN (w|c|s|delivery_counts|j VIRTUAL TABLE INDEX \d+:|sources|\(subquery-\d+\)|CONSTANT ROW|deliveries USING COVERING INDEX deliveries_(due|leased))$/;

/** A store with an event of each kind. */
async function filledStore(path: string): Promise<void> {
  const store = await openSqliteStore({ path, maxPendingDeliveries: 10 });
  const searchKeys = [{ name: 'order', value: '42' }];
  await store.insertEvent(
    { ...EVENT, searchKeys },
    [...'abc'].map((destination) => ({ destination, orderKey: 'k' })),
  );
  const request = { token: 't', nowMs: T0, leaseUntilMs: T0 + 1 };
  const { leased } = await store.claim({
    ...request,
    limits: [...'ab'].map((destination) => ({ destination, limit: 1 })),
  });
  await store.settle(leased[0]!.lease, { kind: 'failed', error: 'x' }, ATTEMPT, T0);
  await store.close();
}

/** The plans of all statements that the filter's search runs. */
function plansOf(db: DatabaseSync, text: string): string[] {
  const seen: string[] = [];
  const prepare = db.prepare.bind(db);
  db.prepare = (sql: string): StatementSync => {
    seen.push(sql);
    return prepare(sql);
  };
  const reading = readFilter(text);
  assert.ok(reading.kind === 'read', text);
  prepareSearch(db)({ filter: resolveFilter(reading.filter, T0 + 5_400_000), limit: 1, cursor: null });
  db.prepare = prepare;
  return seen.map((sql) => {
    const numbers = [...sql.matchAll(/\?(\d+)/g)].map(([, number]) => Number(number));
    const parameters = Math.max((sql.match(/\?(?!\d)/g) ?? []).length, ...numbers);
    const steps = prepare(`explain query plan ${sql}`).all(...Array<number>(parameters).fill(1));
    return steps.map(({ detail }) => String(detail)).join('\n');
  });
}

test('every statement of a search goes by an index', async (t) => {
  const path = join(await tempDir(t), 'events.db');
  await filledStore(path);
  const db = openReader(path);
  t.after(() => db.close());
  for (const [filter, index] of PATHS) {
    const plans = plansOf(db, filter);
    // The block that is not full is walked by seq, or all events would be.
    const open = plans.filter((plan) => /^SEARCH e USING/.test(plan) && !plan.includes('\n'));
    for (const plan of open) assert.match(plan, /^SEARCH e USING INTEGER PRIMARY KEY \(rowid>\?\)$/, filter);
    const slices = plans.filter((plan) => index.test(plan));
    assert.ok(slices.length >= 2, `${filter}: ${plans.join('\n\n')}`);
    for (const step of plans.join('\n').split('\n')) {
      assert.ok(!step.startsWith('SCAN') || BOUNDED.test(step), `${filter}: ${step}`);
    }
  }
});

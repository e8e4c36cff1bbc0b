import assert from 'node:assert/strict';
import { join } from 'node:path';
import type { StatementSync } from 'node:sqlite';
import { test } from 'node:test';
import { anEvent } from '../../../testkit/builders.ts';
import { FAKE_EPOCH_MS as T0 } from '../../../testkit/fake-clock.ts';
import { tempDir } from '../../../testkit/temp-dir.ts';
import { readFilter } from '../../filter/read-filter.ts';
import { SEARCH_SLICE } from '../store.ts';
import { openReader } from './connect.ts';
import { openSqliteStore } from './open.ts';
import { prepareSearch } from './search.ts';

test('a slice looks for hits once, or in a few rows and then in the others', async (t) => {
  const path = join(await tempDir(t), 'events.db');
  const store = await openSqliteStore({ path, maxPendingDeliveries: 10 });
  const events = Array.from({ length: SEARCH_SLICE.rows + 1 }, (_, at) => anEvent({ receivedAtMs: T0 + at }));
  await Promise.all(events.map((event) => store.insertEvent(event, [])));
  await store.close();
  const db = openReader(path);
  t.after(() => db.close());
  const reading = readFilter('body~"needle"');
  assert.ok(reading.kind === 'read');

  /** How many rows each statement takes that looks for hits. */
  const rowsOf = (limit: number): number[] => {
    const seen: number[] = [];
    const prepare = db.prepare.bind(db);
    db.prepare = (sql: string): StatementSync => {
      if (sql.includes('select distinct')) seen.push(Number(/limit (\d+)/.exec(sql)![1]));
      return prepare(sql);
    };
    prepareSearch(db)({ filter: reading.filter, limit, cursor: null });
    db.prepare = prepare;
    return seen;
  };
  assert.deepEqual(rowsOf(50), [200, SEARCH_SLICE.rows - 200]);
  assert.deepEqual(rowsOf(500), [SEARCH_SLICE.rows]);
  // As the count of a bulk operation asks.
  assert.deepEqual(rowsOf(Number.MAX_SAFE_INTEGER), [SEARCH_SLICE.rows]);
});

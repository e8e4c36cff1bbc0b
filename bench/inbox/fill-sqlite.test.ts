import assert from 'node:assert/strict';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { resolveFilter } from '../../src/filter/filter.ts';
import { readFilter } from '../../src/filter/read-filter.ts';
import { BLOCK_EVENTS } from '../../src/store/sqlite/event-blocks.ts';
import { openSqliteStore } from '../../src/store/sqlite/open.ts';
import { prepareFillBlock } from '../../src/store/sqlite/postings.ts';
import { FAKE_EPOCH_MS as T0 } from '../../testkit/fake-clock.ts';
import { tempDir } from '../../testkit/temp-dir.ts';
import { fillSqlite } from './fill-sqlite.ts';
import { markOf } from './spread.ts';

const EVENTS = 2 * BLOCK_EVENTS + 100;

test('a filled inbox has what the receiver would have kept', async (t) => {
  const path = join(await tempDir(t), 'inbox.db');
  fillSqlite(path, EVENTS, T0);
  const db = new DatabaseSync(path);
  t.after(() => db.close());
  assert.equal(prepareFillBlock({ db })(null), null);
  const store = await openSqliteStore({ path, maxPendingDeliveries: 1_000_000 });
  t.after(() => store.close());
  const { events, counts } = await store.stats();
  assert.equal(events, EVENTS);
  const find = async (q: string) => {
    const reading = readFilter(q);
    assert.ok(reading.kind === 'read', q);
    const { hits } = await store.searchSlice({
      filter: resolveFilter(reading.filter, T0),
      limit: 500,
      cursor: null,
    });
    return hits;
  };
  assert.equal((await find(`key:evt_${markOf(77)}`))[0]!.event.source, 'legacy');
  assert.equal((await find('source:legacy')).length, 1);
  assert.equal((await find('type:order.disputed')).length, 1);
  for (const status of ['failed', 'pending'] as const) {
    const counted = counts.find((row) => row.destination === 'billing' && row.status === status)!.count;
    assert.ok(counted > 0);
    assert.equal((await find(`status:${status}`)).length, counted);
  }
  const groups = await store.failureGroups(null);
  assert.ok(groups.length > 3 && groups.every(({ group }) => group !== null));
});

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { it } from 'node:test';
import { anEvent } from '../../../testkit/builders.ts';
import { tempDir } from '../../../testkit/temp-dir.ts';
import { openSqliteStore } from '../sqlite/open.ts';
import { fingerprintOf } from './export-fingerprint.ts';

it('a backlog whose due times add up to more than a number or SQLite holds has a fingerprint, of each millisecond', async (t) => {
  const path = join(await tempDir(t), 'events.db');
  const store = await openSqliteStore({ path, maxPendingDeliveries: 10 });
  for (let count = 0; count < 3; count++) await store.insertEvent(anEvent(), ['billing']);
  await store.close();
  const db = new DatabaseSync(path);
  t.after(() => db.close());
  // Later than can be, instead of millions of deliveries.
  db.exec('update deliveries set due_at = 4000000000000000000');
  const before = fingerprintOf(db);
  db.exec('update deliveries set due_at = due_at + 1 where rowid = (select max(rowid) from deliveries)');
  assert.notEqual(fingerprintOf(db), before);
});

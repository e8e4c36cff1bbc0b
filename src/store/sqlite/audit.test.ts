import assert from 'node:assert/strict';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { anAudit } from '../../../testkit/builders.ts';
import { FAKE_EPOCH_MS } from '../../../testkit/fake-clock.ts';
import { tempDir } from '../../../testkit/temp-dir.ts';
import { createAuditVerifier } from '../audit-verify.ts';
import { openSqliteStore } from './open.ts';

test('triggers refuse whoever writes to the audit past the program', async (t) => {
  const path = join(await tempDir(t), 'events.db');
  const store = await openSqliteStore({ path, maxPendingDeliveries: 10 });
  t.after(() => store.close());
  for (let count = 0; count < 4; count++) await store.appendAudit(anAudit());
  const db = new DatabaseSync(path);
  t.after(() => db.close());
  const columns = 'seq, at, actor, role, address, action, target, before_json, after_json, through, hash';
  const shell = [
    "update audit set actor = 'bob' where seq = 2",
    'update audit set seq = 9 where seq = 4',
    'delete from audit where seq = 2',
    'delete from audit',
    `insert or replace into audit (${columns}) select ${columns.replace('actor', "'bob'")} from audit where seq = 2`,
    `replace into audit (${columns}) select ${columns} from audit where seq = 4`,
  ];
  const refused = () => {
    for (const sql of shell) assert.throws(() => db.exec(sql), /the audit is append-only/, sql);
  };
  refused();
  assert.equal(await store.purgeAudit(FAKE_EPOCH_MS + 1, 2, anAudit({ action: 'audit.retention' })), 2);
  for (const sql of [
    'delete from audit where seq = 3',
    'delete from audit',
    "update audit set actor = 'bob'",
  ]) {
    assert.throws(() => db.exec(sql), /the audit is append-only/, sql);
  }
  const verifier = createAuditVerifier(null);
  for (const row of await store.readAudit(0, 10)) verifier.see(row);
  assert.deepEqual(verifier.end().flaws, []);
});

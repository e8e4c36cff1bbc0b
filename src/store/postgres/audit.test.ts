import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import pg from 'pg';
import { anAudit } from '../../../testkit/builders.ts';
import { FAKE_EPOCH_MS } from '../../../testkit/fake-clock.ts';
import { startPostgres, type TestPostgres } from '../../../testkit/postgres.ts';
import { createAuditVerifier } from '../audit-verify.ts';
import type { Store } from '../store.ts';
import { openPostgresStore } from './open.ts';

let server: TestPostgres;
before(async () => {
  server = await startPostgres();
});
after(() => server.stop());

async function flawsOf(store: Store): Promise<readonly string[]> {
  const verifier = createAuditVerifier(null);
  for (const row of await store.readAudit(0, 1_000)) verifier.see(row);
  return verifier.end().flaws;
}

test('triggers refuse whoever writes to the audit past the program', async (t) => {
  const url = await server.createDatabase();
  const store = await openPostgresStore({ url, maxPendingDeliveries: 10 });
  t.after(() => store.close());
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  t.after(() => client.end());
  for (let count = 0; count < 4; count++) await store.appendAudit(anAudit());
  const shell = [
    "update audit set actor = 'bob' where seq = 2",
    'delete from audit where seq = 2',
    'delete from audit',
    'truncate audit',
    "insert into audit select * from audit where seq = 2 on conflict (seq) do update set actor = 'bob'",
  ];
  for (const sql of shell) await assert.rejects(client.query(sql), /the audit is append-only/, sql);
  assert.equal(await store.purgeAudit(FAKE_EPOCH_MS + 1, 2, anAudit({ action: 'audit.retention' })), 2);
  for (const sql of ['delete from audit where seq = 3', ...shell.slice(2, 4)]) {
    await assert.rejects(client.query(sql), /the audit is append-only/, sql);
  }
  assert.deepEqual(await flawsOf(store), []);
});

test('nodes that write at once extend one chain', async (t) => {
  const url = await server.createDatabase();
  const nodes = await Promise.all([1, 2, 3].map(() => openPostgresStore({ url, maxPendingDeliveries: 10 })));
  t.after(() => Promise.all(nodes.map((node) => node.close())));
  const writes = nodes.flatMap((node) => Array.from({ length: 20 }, () => node.appendAudit(anAudit())));
  await Promise.all(writes);
  assert.equal((await nodes[0]!.readAudit(0, 1_000)).length, 60);
  assert.deepEqual(await flawsOf(nodes[0]!), []);
});

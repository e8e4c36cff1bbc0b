import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import pg from 'pg';
import { startPostgres } from '../../testkit/postgres.ts';
import { receiverFolder } from '../../testkit/receiver-process.ts';

describe('webhook-receiver schema', () => {
  it('makes a database ready for a receiver whose role may create nothing', async (t) => {
    const postgres = await startPostgres();
    t.after(() => postgres.stop());
    const owner = await postgres.createDatabase();
    await ask(owner, `create role runtime login; revoke create on schema public from public`);
    const runtime = owner.replace('test@', 'runtime@');
    const folder = await receiverFolder(t);
    const schema = async (url: string, ...args: readonly string[]) => {
      const { code, stdout, stderr } = await folder.run({ DATABASE_URL: url }, { args: ['schema', ...args] });
      return { code, stdout, stderr };
    };

    const stale = await schema(runtime, 'check');
    assert.equal(stale.code, 1);
    assert.match(
      stale.stdout,
      /^version 0, this program needs version \d+: run webhook-receiver schema apply --grant-to runtime/,
    );
    const refused = await folder.run({ DATABASE_URL: runtime });
    assert.equal(refused.code, 1);
    assert.match(refused.stderr, /run `webhook-receiver schema apply --grant-to runtime`/);

    const printed = await schema(owner, 'print', '--grant-to', 'runtime');
    assert.match(printed.stdout, /create table events \(/);
    const applied = await schema(owner, 'apply', '--grant-to', 'runtime');
    assert.equal(applied.code, 0, applied.stderr);
    assert.match(
      applied.stdout,
      /create table events \([\s\S]*grant select, insert, update, delete on .*events/,
    );
    assert.match(applied.stdout, /-- done: the schema is at version \d+\s*$/);
    assert.match(
      (await schema(owner, 'apply')).stdout,
      /^-- nothing to do: the schema is at version \d+\s*$/,
    );

    const current = await schema(runtime, 'check');
    assert.deepEqual([current.code, current.stderr], [0, '']);
    assert.match(current.stdout, /^version \d+ is current, and the role runtime has the rights it needs\s*$/);
    const receiver = await folder.start({ DATABASE_URL: runtime });
    const answer = await fetch(`${receiver.url}/webhooks`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ idempotency_key: 'a', event_type: 'a', payload: {} }),
    });
    assert.equal(answer.status, 202);
    await receiver.stop();
  });

  it('says that it is for PostgreSQL, and hides what it refuses', async (t) => {
    const folder = await receiverFolder(t);
    const without = await folder.run({}, { args: ['schema', 'check'] });
    assert.equal(without.code, 1);
    assert.match(without.stderr, /--to takes a URL .* A SQLite file is brought up to date by the start/);
    const url = 'postgres://me:hunter2@a,b/db?target_session_attrs=any';
    const { code, stdout, stderr } = await folder.run({ DATABASE_URL: url }, { args: ['schema', 'check'] });
    assert.equal(code, 1);
    assert.match(stderr, /--to takes target_session_attrs=read-write or primary/);
    assert.doesNotMatch(stdout + stderr, /hunter2/);
  });
});

async function ask(url: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}

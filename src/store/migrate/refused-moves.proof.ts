import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { describe, it } from 'node:test';
import { FAKE_EPOCH_MS as T0 } from '../../../testkit/fake-clock.ts';
import { tempDir } from '../../../testkit/temp-dir.ts';
import { MIGRATIONS } from '../postgres/migrations/index.ts';
import { openImport } from './import.ts';

import { ask, NOW_MS, useFilledInbox, withStore } from './testing.ts';

const inbox = useFilledInbox();

describe('a move is refused', () => {
  it('while a receiver runs on the source', async (t) => {
    const path = await inbox.copyOf(t);
    await withStore({ path }, async () => {
      await assert.rejects(inbox.migrate(inbox.server.url, { from: path }), {
        code: 'STORE_LOCKED',
        message: /in use by another webhook-receiver/,
      });
    });
  });

  it('while a receiver runs on the target, or another move', async () => {
    const to = await inbox.server.createDatabase();
    const refusal = { code: 'STORE_LOCKED', message: /cannot move into .*at work in it/ };
    await withStore({ databaseUrl: to }, () => assert.rejects(inbox.migrate(to), refusal));
    const target = await openImport(to);
    await target.begin('another', NOW_MS);
    await assert.rejects(inbox.migrate(to), refusal);
    await target.close();
  });

  it('into a database with an inbox of its own', async () => {
    const to = await inbox.server.createDatabase();
    await withStore({ databaseUrl: to }, (store) => store.keepSourceState('a', 'secret', 'x', T0));
    await assert.rejects(inbox.migrate(to), { code: 'STORE_SCHEMA', message: /source_state has rows/ });
  });

  it('into a schema that is newer or older than the program', async () => {
    const to = await inbox.server.createDatabase();
    await ask(
      to,
      'create table inbox_schema (version integer primary key, compatible_from integer not null)',
    );
    await ask(to, `insert into inbox_schema values (${MIGRATIONS.length + 1}, 1)`);
    await assert.rejects(inbox.migrate(to), { code: 'STORE_SCHEMA', message: /run a newer program/ });
  });

  it('from a schema that is newer or older, a foreign file, or none', async (t) => {
    const path = await inbox.copyOf(t);
    const version = (number: number) => {
      const db = new DatabaseSync(path);
      db.exec(`pragma user_version = ${number}`);
      db.close();
    };
    version(99);
    await assert.rejects(inbox.migrate(inbox.server.url, { from: path }), {
      message: /schema version 99.*newer program/,
    });
    version(1);
    await assert.rejects(inbox.migrate(inbox.server.url, { from: path }), {
      message: /version 1, .*brings it up to date/,
    });
    const foreign = `${await tempDir(t)}/foreign.db`;
    new DatabaseSync(foreign).exec('create table t (a)');
    await assert.rejects(inbox.migrate(inbox.server.url, { from: foreign }), {
      message: /database of another program: give --from/,
    });
    await assert.rejects(inbox.migrate(inbox.server.url, { from: `${foreign}.not` }), {
      code: 'STORE_IO',
      message: /no database at/,
    });
    assert.ok(!readdirSync(foreign.slice(0, -'/foreign.db'.length)).includes('foreign.db.not'));
  });

  it('to a server that is not there', async () => {
    await assert.rejects(inbox.migrate('postgres://test@127.0.0.1:1/none'), {
      code: 'STORE_UNAVAILABLE',
      message: /^cannot move into 127\.0\.0\.1:1\/none: .*ECONNREFUSED/,
    });
  });
});

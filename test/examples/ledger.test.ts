import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, before, describe, it, type TestContext } from 'node:test';
import pg from 'pg';
import config from '../../examples/ledger.config.ts';
import { createReceiver } from '../../src/index.ts';
import { startPostgres, type TestPostgres } from '../../testkit/postgres.ts';
import { anEnvelope, eventInStatus, postEvent } from '../e2e/support/client.ts';

const PAYMENTS = 20;

/** Sets the ledger up and books payments to two accounts, each of them sent twice. */
async function book(t: TestContext, env: Readonly<Record<string, string>>): Promise<void> {
  const receiver = createReceiver({
    env: { HOST: '127.0.0.1', PORT: '0', LOG_LEVEL: 'FATAL', ...env },
    destinations: config.destinations!,
  });
  const { url } = await receiver.start();
  t.after(() => receiver.stop());
  await postEvent(url, anEnvelope('set-up', { event_type: 'ledger.set-up' }));
  await eventInStatus(url, 'set-up', 'completed');
  const keys = Array.from({ length: PAYMENTS }, (_, at) => `payment-${at}`);
  for (const [at, key] of [...keys.entries(), ...keys.entries()]) {
    const payload = { account: at % 2 === 0 ? 'even' : 'odd', cents: at };
    await postEvent(url, anEnvelope(key, { event_type: 'payment.received', payload }));
  }
  for (const key of keys) await eventInStatus(url, key, 'completed');
  await receiver.stop();
}

const BALANCES = 'select account, cents from app_balances order by account';
const BOOKED = [
  { account: 'even', cents: 90 },
  { account: 'odd', cents: 100 },
];

describe('ledger.config.ts books each payment once', () => {
  let server: TestPostgres;
  before(async () => {
    server = await startPostgres();
  });
  after(() => server.stop());

  it('on SQLite', async (t) => {
    const folder = mkdtempSync(path.join(tmpdir(), 'webhook-receiver-'));
    t.after(() => rmSync(folder, { recursive: true }));
    const file = path.join(folder, 'events.db');
    await book(t, { DB_PATH: file });
    const db = new DatabaseSync(file, { readOnly: true });
    const rows = db.prepare(BALANCES).all();
    db.close();
    assert.deepEqual(
      rows.map((row) => ({ ...(row as object) })),
      BOOKED,
    );
  });

  it('on PostgreSQL', async (t) => {
    const url = await server.createDatabase();
    await book(t, { DATABASE_URL: url });
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    const { rows } = await client.query(BALANCES);
    await client.end();
    assert.deepEqual(
      rows.map(({ account, cents }) => ({ account, cents: Number(cents) })),
      BOOKED,
    );
  });
});

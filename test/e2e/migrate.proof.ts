import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { after, before, describe, it, type TestContext } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';
import { anAttempt, anEvent } from '../../testkit/builders.ts';
import { eventually } from '../../testkit/eventually.ts';
import { startPostgres, type TestPostgres } from '../../testkit/postgres.ts';
import { PROGRAM } from '../../testkit/receiver-process.ts';
import { tempDir } from '../../testkit/temp-dir.ts';
import { type Ended, proofIn } from './support/migration.ts';
import { withStore } from './support/stored.ts';

const EVENTS = 12_000;

let server: TestPostgres;
before(async () => {
  server = await startPostgres();
});
after(() => server.stop());

/** Starts the command; it may be killed. */
function migrate(from: string, to: string) {
  const args = ['--conditions=source', PROGRAM, 'migrate', '--from', from, '--to', to];
  const child = spawn(process.execPath, args, { env: { PATH: process.env.PATH ?? '' } });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (text) => {
    stdout += text;
  });
  child.stderr.on('data', (text) => {
    stderr += text;
  });
  const ended = once(child, 'close').then(([code]): Ended => ({ code, stdout, stderr }));
  return { ended, kill: () => void child.kill('SIGKILL') };
}

async function fillMany(t: TestContext): Promise<string> {
  const path = `${await tempDir(t)}/events.db`;
  await withStore(path, async (store) => {
    const insert = () => store.insertEvent(anEvent(), ['billing']);
    await Promise.all(Array.from({ length: EVENTS }, insert));
    const limits = [{ destination: 'billing', limit: EVENTS - 500 }];
    const { leased } = await store.claim({ limits, token: 'token', nowMs: Date.now(), leaseUntilMs: 1 });
    const settle = (at: number) =>
      store.settle(leased[at]!.lease, { kind: 'completed' }, anAttempt(), Date.now());
    await Promise.all(leased.slice(500).map((_, at) => settle(at)));
  });
  return path;
}

describe('webhook-receiver migrate, killed', () => {
  it('is killed anywhere, goes on, and ends as if nothing had been', async (t) => {
    const from = await fillMany(t);
    const undisturbed = proofIn(await migrate(from, await server.createDatabase()).ended);
    const to = await server.createDatabase();
    const client = new pg.Client({ connectionString: to });
    await client.connect();
    t.after(() => client.end());

    /** Until it is so far: a part, and the rows of it that are there. */
    const isAt = async (part: string | null, least: number) => {
      const { rows: tables } = await client.query(`select to_regclass('inbox_import') as there`);
      if (tables[0].there === null) return false;
      const { rows } = await client.query('select part, moved::integer from inbox_import');
      return rows.length > 0 && (part === null || (rows[0].part === part && rows[0].moved >= least));
    };
    const points = [
      [null, 0],
      ['events', 1],
      ['events', EVENTS / 2],
      ['deliveries', 1],
      ['deliveries', EVENTS / 2],
      ['attempts', 1],
    ] as const;
    for (const [part, least] of points) {
      const running = migrate(from, to);
      await eventually(`${part} ${least}`, () => isAt(part, least));
      running.kill();
      assert.equal((await running.ended).code, null, 'it was still at work');
    }
    // And while it proves.
    const running = migrate(from, to);
    await eventually('all attempts', () => isAt('attempts', EVENTS - 1_000));
    await pause(200);
    running.kill();
    await running.ended;

    assert.equal(proofIn(await migrate(from, to).ended), undisturbed);
    const { code, stdout } = await migrate(from, to).ended;
    assert.equal(code, 0);
    assert.ok(
      stdout.startsWith(undisturbed) && /Nothing to do: the inbox was moved and proved at/.test(stdout),
      stdout,
    );
  });
});

import type { ClientBase } from 'pg';
import { StoreError } from '../../domain/errors.ts';
import { monotonicMs, sleep, systemClock } from '../../runtime/clock.ts';
import { alone, LOCK_SPACE, migrationStatements, readVersion } from '../postgres/migrate.ts';
import { MIGRATIONS } from '../postgres/migrations/index.ts';
import { LEADER_LOCK } from '../postgres/node-session.ts';
import { beginImportMark, type ImportMark, readImportMark } from './import-mark.ts';
import { type Begun, PARTS } from './inbox-copy.ts';

/** The session of a killed process may last until its last statement has ended. */
const TIMEOUT_MS = 5_000;
const PAUSE_MS = 200;

/** Finds receivers by the names of their connections (see postgres/open.ts). */
const RECEIVERS_THERE = `
  select count(*) > 0 as are_there from pg_stat_activity
  where datname = current_database() and application_name in ('webhook-receiver', 'webhook-receiver node')`;

/** @see InboxTarget.begin. The lock belongs to the session, so it ends with the process. */
export async function lockTarget(client: ClientBase, fingerprint: string, nowMs: number): Promise<Begun> {
  const before = await readImportMark(client);
  if (before?.finished && before.fingerprint === fingerprint) return { kind: 'finished', ...before.finished };
  await patiently(() => isAnswered(client, `select pg_try_advisory_lock(${LOCK_SPACE}, ${LEADER_LOCK})`));
  await patiently(async () => !(await isAnswered(client, RECEIVERS_THERE)));
  return alone(client, async () => {
    // Again, now that no receiver can start: it does so in a transaction of the same lock.
    if (await isAnswered(client, RECEIVERS_THERE)) throw atWork();
    await bringToSchema(client);
    const found = await readImportMark(client);
    if (found !== null) return goOn(found, fingerprint);
    await clearStarts(client);
    await refuseOtherInbox(client);
    await beginImportMark(client, fingerprint, nowMs);
    return { kind: 'begun', beganAtMs: nowMs, mark: null };
  });
}

function goOn({ fingerprint, beganAtMs, mark, finished }: ImportMark, asked: string): Begun {
  if (fingerprint === asked) {
    return finished === null ? { kind: 'begun', beganAtMs, mark } : { kind: 'finished', ...finished };
  }
  throw new StoreError(
    'STORE_SCHEMA',
    finished === null
      ? 'another inbox is on its way into it, or this one as it was before it was in use again: ' +
          'give --to a new, empty database.'
      : 'another inbox was moved into it, or this one as it was before it was in use again: ' +
          'give --to a new, empty database.',
  );
}

async function bringToSchema(client: ClientBase): Promise<void> {
  const { version } = await readVersion(client);
  const known = MIGRATIONS.length;
  if (version > known) {
    throw new StoreError(
      'STORE_SCHEMA',
      `it has schema version ${version}, this program knows up to ${known}: run a newer program.`,
    );
  }
  if (version > 0 && version < known) {
    throw new StoreError(
      'STORE_SCHEMA',
      `it has schema version ${version}, this program moves into version ${known}: give --to a new, empty database, ` +
        'or start and stop a receiver of this version on it once, which brings it up to date.',
    );
  }
  for (const sql of migrationStatements(MIGRATIONS, version)) await client.query(sql);
}

/**
 * The audit of a database on which receivers have only started tells nothing that has to stay, and the audit of the inbox
 * takes its place. The owner of the table may set the trigger aside.
 */
async function clearStarts(client: ClientBase): Promise<void> {
  const hasMore = "select exists (select from audit where action <> 'receiver.start')";
  const hasAny = 'select exists (select from audit)';
  if ((await isAnswered(client, hasMore)) || !(await isAnswered(client, hasAny))) return;
  await client.query('alter table audit disable trigger audit_keeps_history');
  await client.query('delete from audit');
  await client.query('alter table audit enable trigger audit_keeps_history');
}

async function refuseOtherInbox(client: ClientBase): Promise<void> {
  for (const part of PARTS) {
    if (!(await isAnswered(client, `select exists (select from ${part})`))) continue;
    throw new StoreError(
      'STORE_SCHEMA',
      `it holds an inbox already (${part} has rows), and two are not put together: give --to a new, empty database.`,
    );
  }
}

async function patiently(isSo: () => Promise<boolean>): Promise<void> {
  const untilMs = monotonicMs() + TIMEOUT_MS;
  while (!(await isSo())) {
    if (monotonicMs() >= untilMs) throw atWork();
    await sleep(systemClock, PAUSE_MS);
  }
}

function atWork(): StoreError {
  return new StoreError(
    'STORE_LOCKED',
    'a receiver, or another migration, is at work in it: stop that first.',
  );
}

async function isAnswered(client: ClientBase, sql: string): Promise<boolean> {
  const { rows } = await client.query({ text: sql, rowMode: 'array' });
  return (rows as unknown as [boolean][])[0]![0];
}

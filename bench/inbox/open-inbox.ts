import { existsSync, mkdirSync, renameSync } from 'node:fs';
import { join, resolve } from 'node:path';
import pg from 'pg';
import { startPostgres, TUNED } from '../servers/postgres.ts';
import { startReceiver } from '../servers/receiver.ts';
import { say } from '../support/say.ts';
import { whole } from '../support/table.ts';
import { createTempDir } from '../support/temp.ts';

import { fillPostgres } from './fill-postgres.ts';
import { fillSqlite } from './fill-sqlite.ts';

/** An inbox with many events: how a receiver is led to it, and how it is left. */
export type Inbox = Readonly<{
  events: number;
  dir: string;
  env: Readonly<Record<string, string>>;
  leave(): Promise<void>;
}>;

export type InboxOptions = Readonly<{
  events: number;
  /** A directory in which the inbox stays for the next run, or null. */
  keep: string | null;
}>;

export type OpenInbox = (options: InboxOptions) => Promise<Inbox>;

type Place = Readonly<{ dir: string; remove(): Promise<void> }>;

function placeOf({ keep }: InboxOptions): Place {
  if (keep === null) {
    const { path, remove } = createTempDir('inbox');
    return { dir: path, remove };
  }
  const dir = resolve(keep);
  mkdirSync(dir, { recursive: true });
  return { dir, remove: async () => {} };
}

/** Fills a SQLite file, unless a run before has left it. */
export async function openSqliteInbox(options: InboxOptions): Promise<Inbox> {
  const { events } = options;
  const { dir, remove } = placeOf(options);
  const path = join(dir, `inbox-${events}.db`);
  if (!existsSync(path)) {
    await timed(events, async () => fillSqlite(`${path}.part`, events, Date.now()));
    renameSync(`${path}.part`, path);
  }
  return { events, dir, env: { DB_PATH: path }, leave: remove };
}

/** Starts a server with the tables filled, unless a run before has left them. */
export async function openPostgresInbox(options: InboxOptions): Promise<Inbox> {
  const { events } = options;
  const { dir, remove } = placeOf(options);
  const postgres = await startPostgres(dir, TUNED);
  const url = new URL(`/inbox_${events}`, postgres.url).href;
  await makeDatabase(postgres.url, url, options, dir);
  return {
    events,
    dir,
    env: { DATABASE_URL: url, SHUTDOWN_GRACE: '1' },
    async leave() {
      await postgres.stop();
      await remove();
    },
  };
}

/** A database that is there was filled by a run before: it gets its name in the end. */
async function makeDatabase(
  server: string,
  url: string,
  { events }: InboxOptions,
  dir: string,
): Promise<void> {
  const name = new URL(url).pathname.slice(1);
  const client = new pg.Client({ connectionString: server });
  await client.connect();
  try {
    const found = await client.query('select from pg_database where datname = $1', [name]);
    if (found.rowCount === 1) return;
    await client.query('drop database if exists filling');
    await client.query('create database filling');
    const filling = new URL('/filling', server).href;
    // The tables are made by the receiver itself.
    const receiver = await startReceiver({ dir, env: { DATABASE_URL: filling } });
    await receiver.stop();
    await timed(events, () => fillPostgres(filling, events, Date.now()));
    await client.query(`alter database filling rename to ${name}`);
  } finally {
    await client.end();
  }
}

async function timed(events: number, fill: () => Promise<void>): Promise<void> {
  const startedAtMs = performance.now();
  await fill();
  say(`  ${whole(events)} events put in, in ${whole((performance.now() - startedAtMs) / 1e3)} s`);
}

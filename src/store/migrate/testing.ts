import assert from 'node:assert/strict';
import { copyFileSync } from 'node:fs';
import { after, before, type TestContext } from 'node:test';
import pg from 'pg';
import { FAKE_EPOCH_MS as T0 } from '../../../testkit/fake-clock.ts';
import { type Filled, fillInbox } from '../../../testkit/filled-inbox.ts';
import { startPostgres, type TestPostgres } from '../../../testkit/postgres.ts';
import { createTempDir, tempDir } from '../../../testkit/temp-dir.ts';
import { snapshotOf } from '../conformance/snapshot.ts';
import { openStore } from '../open-store.ts';
import type { Store } from '../store.ts';
import { openExport } from './export.ts';
import { openImport } from './import.ts';
import type { InboxTarget } from './inbox-copy.ts';
import { type MigrateOptions, migrateInbox } from './migrate-inbox.ts';
import { moveRows } from './move-rows.ts';

export const NOW_MS = T0 + 60_000;
const SMALL = { maxRows: 4, maxBytes: 100_000 };

/** Opens a store for as long as the work takes. */
export async function withStore<T>(
  place: Readonly<{ path?: string; databaseUrl?: string }>,
  work: (store: Store) => Promise<T>,
): Promise<T> {
  const store = await openStore({ path: '', ...place, maxPendingDeliveries: 1_000 });
  try {
    return await work(store);
  } finally {
    await store.close();
  }
}

/** Asks a database. */
export async function ask(url: string, sql: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(sql)).rows as Record<string, unknown>[];
  } finally {
    await client.end();
  }
}

/** A filled inbox, which all tests only read, and a server to move it to. To be called in the body of a file. */
export function useFilledInbox() {
  let server: TestPostgres;
  let folder: Awaited<ReturnType<typeof createTempDir>>;
  let from: string;
  let filled: Filled;
  before(async () => {
    server = await startPostgres();
    folder = await createTempDir();
    from = `${folder.path}/events.db`;
    filled = await withStore({ path: from }, fillInbox);
  });
  after(async () => {
    await server.stop();
    await folder.remove();
  });
  return {
    get server() {
      return server;
    },
    get folder() {
      return folder;
    },
    get from() {
      return from;
    },
    get filled() {
      return filled;
    },
    migrate: (to: string, more: Partial<MigrateOptions> = {}) =>
      migrateInbox({ from, to, nowMs: () => NOW_MS, limits: SMALL, ...more }),
    allOf: (store: Store) => allOf(store, filled),
    /** A copy of the filled inbox, to be changed. */
    async copyOf(t: TestContext): Promise<string> {
      const path = `${await tempDir(t)}/copy.db`;
      copyFileSync(from, path);
      return path;
    },
    /** Moves it, by way of what the target is wrapped in, up to the proof. */
    moveUntil: (to: string, wrap: (target: InboxTarget) => InboxTarget) => moveUntil(from, to, wrap),
  };
}

const BY_SEARCH_KEY = [{ field: 'search', name: 'order', values: ['order 0'], negated: false }] as const;

/** Everything that a store has to say about what was put into it. */
async function allOf(store: Store, filled: Filled) {
  return {
    ...(await snapshotOf(store, filled.events)),
    rejected: (await store.listRejected(100, null, null)).requests,
    whole: await Promise.all(
      filled.rejected.map(async (id) => {
        const found = await store.readRejected(id);
        return found === null
          ? null
          : { ...found, body: found.body && Buffer.from(found.body).toString('hex') };
      }),
    ),
    duplicates: await Promise.all(filled.events.map(({ id }) => store.duplicatesOf(id))),
    found: (await store.searchSlice({ filter: BY_SEARCH_KEY, limit: 100, cursor: null })).hits,
    states: await Promise.all(filled.sources.map((source) => store.readSourceState(source))),
  };
}

/** The same, of leases that end when the move began. */
export const atMove = (all: Awaited<ReturnType<typeof allOf>>) => ({
  ...all,
  leases: (all.leases as { lease: object }[]).map((one) => ({
    ...one,
    lease: { ...one.lease, untilMs: Math.min((one.lease as { untilMs: number }).untilMs, NOW_MS) },
  })),
});

async function moveUntil(
  from: string,
  to: string,
  wrap: (target: InboxTarget) => InboxTarget,
): Promise<void> {
  const source = openExport(from);
  const target = await openImport(to);
  try {
    const begun = await target.begin(source.fingerprint, NOW_MS);
    assert.equal(begun.kind, 'begun');
    if (begun.kind !== 'begun') return;
    const { beganAtMs: leasesEndMs } = begun;
    const move = { source, target: wrap(target), limits: SMALL, leasesEndMs, onProgress: () => {} };
    await moveRows(move, begun.mark);
  } finally {
    await target.close();
    source.close();
  }
}

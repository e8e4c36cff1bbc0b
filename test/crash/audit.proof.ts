import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import type { AuditAction } from '../../src/domain/audit.ts';
import { openStore } from '../../src/store/open-store.ts';
import type { Store } from '../../src/store/store.ts';
import { eventually } from '../../testkit/eventually.ts';
import { startPostgres } from '../../testkit/postgres.ts';
import { type ReceiverFolder, receiverFolder } from '../../testkit/receiver-process.ts';
import { createSeededRandom, type SeededRandom, testSeeds } from '../../testkit/seeded-random.ts';
import { sqlOn } from '../cluster/support/sql.ts';
import { fillOperatedInbox, type OperatedInbox } from './operated-inbox.ts';
import { type Acknowledged, configWith, createOperator, TOKEN } from './operators.ts';
import { assertWholeActions } from './whole-actions.ts';

const KILLS = 8;
/** What a slow machine did not come to by then is waited for, up to so many. */
const MOST_KILLS = 60;
const OPERATORS = 4;
/** Clean-ups run at the start, so some processes die before anybody has an answer. */
const EARLY_MS = 150;
const MOST_ANSWERS = 60;
const ENV = {
  ADMIN_TOKEN: TOKEN,
  QUEUE_MAXSIZE: '100000',
  RETENTION_DAYS: '30',
  MIN_FREE_DISK_BYTES: '0',
  LOG_LEVEL: 'INFO',
};

/** Where the receivers of a test keep what they know. */
type Place = Readonly<{
  env: Readonly<Record<string, string>>;
  /** Resolves when what a killed process has sent is done or given up. */
  settled(): Promise<void>;
  url: string | null;
}>;

describe('a receiver that is killed while operators act', () => {
  for (const seed of testSeeds([1])) {
    it(`has each action and its row, or neither, on SQLite (TEST_SEED=${seed})`, (t) =>
      prove(t, seed, { env: {}, url: null, settled: async () => {} }));

    it(`has each action and its row, or neither, on PostgreSQL (TEST_SEED=${seed})`, async (t) => {
      const server = await startPostgres();
      t.after(() => server.stop());
      const url = await server.createDatabase();
      await prove(t, seed, { env: { DATABASE_URL: url }, url, settled: () => untilAlone(url) });
    });
  }
});

async function prove(t: TestContext, seed: number, place: Place): Promise<void> {
  const random = createSeededRandom(seed);
  const folder = await receiverFolder(t, { config: configWith(1), env: { ...ENV, ...place.env } });
  const withStore = async <T>(work: (store: Store) => Promise<T>): Promise<T> => {
    await place.settled();
    const { databasePath: path } = folder;
    const store = await openStore({ path, databaseUrl: place.url, maxPendingDeliveries: 1_000_000 });
    return work(store).finally(() => store.close());
  };
  const inbox = await withStore((store) => fillOperatedInbox(store, Date.now()));
  const acknowledged: Acknowledged = new Map();
  const heads: string[] = [];
  let never = PROVED;
  let kills = 0;
  for (; kills < KILLS || (never.length > 0 && kills < MOST_KILLS); kills++) {
    await operateUntilKilled(folder, inbox, random, acknowledged);
    heads.push(await withStore((store) => assertWholeActions(store, inbox, acknowledged, heads)));
    never = await withStore(neverSeen);
  }
  assert.deepEqual(never, [], 'actions that the proof did not come to');
  t.diagnostic(`${kills} kills`);
}

/** What operators, clean-ups and the breaker do here. */
const PROVED: readonly AuditAction[] = [
  ...(['audit.retention', 'cleanup.confirm', 'cleanup.delete', 'config.reload', 'delivery.replay'] as const),
  ...(['destination.hold', 'destination.rate', 'destination.resume', 'destination.trip'] as const),
  ...(['event.erase', 'event.reveal', 'order_key.release', 'receiver.start', 'rejected.reverify'] as const),
  ...(['source_state.drop', 'source_state.read'] as const),
];

async function neverSeen(store: Store): Promise<readonly AuditAction[]> {
  const seen = new Set((await store.readAudit(0, 1_000_000)).map(({ action }) => action));
  return PROVED.filter((action) => !seen.has(action));
}

async function operateUntilKilled(
  folder: ReceiverFolder,
  inbox: OperatedInbox,
  random: SeededRandom,
  acknowledged: Acknowledged,
): Promise<void> {
  const receiver = await folder.start();
  let left = 1 + random.int(MOST_ANSWERS);
  const act = createOperator(inbox, folder.path, receiver.url, random, acknowledged);
  const operate = async () => {
    while (left-- > 0) await act();
    receiver.kill('SIGKILL');
  };
  if (random.chance(0.3)) void pause(random.int(EARLY_MS)).then(() => receiver.kill('SIGKILL'));
  // Whoever waits for an answer when it dies gets none.
  await Promise.allSettled(Array.from({ length: OPERATORS }, operate));
  await receiver.exit();
}

async function untilAlone(url: string): Promise<void> {
  const sql = sqlOn(url);
  const others = `select count(*)::int as count from pg_stat_activity
    where datname = current_database() and pid <> pg_backend_pid()`;
  await eventually('the server has ended the sessions of the dead', async () => {
    const [row] = await sql<{ count: number }>(others);
    return row!.count === 0;
  });
}

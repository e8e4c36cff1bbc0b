import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { assertNeedles, needle, needlesIn } from '../../testkit/needles.ts';
import { startPostgres } from '../../testkit/postgres.ts';
import { type ReceiverFolder, type ReceiverProcess, receiverFolder } from '../../testkit/receiver-process.ts';
import { createSeededRandom } from '../../testkit/seeded-random.ts';
import { sqlOn } from '../cluster/support/sql.ts';

const SEED = Number(process.env.TEST_SEED ?? 11);
const EVENTS = 1_500;
const KILLS = 12;
const TOKEN = 'correct-horse-battery-staple';
const ADMIN = { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' };

const CONFIG = `
export default {
  sources: { default: {}, kept: {} },
  destinations: {
    broken: {
      events: ['broken'],
      handler: (event) => { throw Object.assign(new Error('no ' + event.payload.who), { code: 'PERMANENT' }); },
      retry: { maxAttempts: 2, baseDelaySeconds: 0.05, maxDelaySeconds: 0.1 },
    },
    sink: { events: ['fine'], handler: () => {} },
  },
};`;

/** Where the receivers keep their events, and which files to search once they have ended. */
type Place = Readonly<{
  env: Readonly<Record<string, string>>;
  traces: 'removed' | 'left_to_vacuum';
  filesOf(folder: ReceiverFolder): Promise<Set<string>>;
}>;

test(`a receiver on SQLite that is killed again and again while it erases leaves nothing behind (seed ${SEED})`, (t) =>
  prove(t, {
    env: {},
    traces: 'removed',
    filesOf: async ({ databasePath }) =>
      needlesIn(['', '-wal', '-shm'].map((end) => `${databasePath}${end}`)),
  }));

test(`one on PostgreSQL leaves nothing behind that a vacuum does not remove (seed ${SEED})`, async (t) => {
  const server = await startPostgres();
  t.after(() => server.stop());
  const url = await server.createDatabase();
  await prove(t, {
    env: { DATABASE_URL: url },
    traces: 'left_to_vacuum',
    async filesOf() {
      const sql = sqlOn(url);
      for (const statement of VACUUM) await sql(statement);
      const [row] = await sql<{ data_directory: string }>('show data_directory');
      return needlesIn([row!.data_directory], /\/pg_wal\//);
    },
  });
});

/** As docs/operations.md has it. */
const VACUUM = [
  ...['events', 'deliveries', 'attempts', 'replay_marks', 'event_search'].map(
    (table) => `vacuum full ${table}`,
  ),
  'checkpoint',
];

async function prove(t: TestContext, place: Place): Promise<void> {
  const random = createSeededRandom(SEED);
  const folder = await receiverFolder(t, {
    config: CONFIG,
    // However slow the machine is, and however full its disk: every event is accepted.
    env: {
      ...{ ADMIN_TOKEN: TOKEN, WORKER_COUNT: '20', QUEUE_MAXSIZE: '100000', MIN_FREE_DISK_BYTES: '0' },
      ...place.env,
    },
  });
  let receiver = await folder.start();
  const post = (source: string, number: number) => {
    const who = needle(source, number);
    const body = {
      idempotency_key: needle('key', source === 'kept' ? number + EVENTS : number),
      event_type: random.chance(0.2) ? 'broken' : 'fine',
      payload: { who, filler: 'x'.repeat(random.int(random.chance(0.05) ? 60_000 : 2_000)) },
    };
    return fetch(`${receiver.url}/webhooks/${source}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-who': who },
      body: JSON.stringify(body),
    });
  };
  const sent = Array.from({ length: EVENTS }, (_, at) => at + 1);
  for (let at = 0; at < EVENTS; at += 50) {
    const some = sent.slice(at, at + 50);
    const answers = await Promise.all(
      some.flatMap((number) => [post('default', number), post('kept', number)]),
    );
    for (const { status } of answers) assert.ok(status === 202, `${status}`);
  }
  await untilEnded(receiver);

  const selection = {
    source: 'default',
    since: '2020-01-01T00:00:00Z',
    until: '2200-01-01T00:00:00Z',
    expect: EVENTS,
  };
  const erase = () =>
    fetch(`${receiver.url}/admin/erase`, {
      method: 'POST',
      headers: ADMIN,
      body: JSON.stringify(selection),
    });
  for (let kills = 0; kills < KILLS; kills++) {
    const answer = erase().catch(() => null);
    await new Promise((resolve) => setTimeout(resolve, random.int(150)));
    await receiver.crash();
    await answer;
    receiver = await folder.start();
  }
  const answer = await erase();
  const body = (await answer.json()) as Record<string, unknown>;
  assert.equal(answer.status, 200, JSON.stringify(body));
  assert.equal(body.traces, place.traces);
  assert.equal(Number(body.erased) + Number(body.erased_before), EVENTS);

  const rows = await auditOf(receiver);
  const ids = rows.map(({ target }) => target).filter((target) => target.length === 36);
  assert.equal(new Set(ids).size, ids.length, 'one row for each event');
  assert.equal(ids.length, EVENTS);
  await receiver.stop();
  const found = await place.filesOf(folder);
  const keysFrom = (from: number) => sent.map((number) => needle('key', from + number));
  assertNeedles(
    found,
    [...sent.map((number) => needle('kept', number)), ...keysFrom(EVENTS)],
    [...sent.map((number) => needle('default', number)), ...keysFrom(0)],
  );
}

async function untilEnded({ url }: ReceiverProcess): Promise<void> {
  for (;;) {
    const text = await (await fetch(`${url}/metrics`)).text();
    const open = [...text.matchAll(/^webhook_deliveries\{.*status="(?:pending|processing)"\} (\d+)$/gm)];
    if (open.length > 0 && open.every(([, count]) => count === '0')) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

type Row = Readonly<{ action: string; target: string }>;

async function auditOf({ url }: ReceiverProcess): Promise<Row[]> {
  const rows: Row[] = [];
  let cursor: string | null = null;
  do {
    const query: string = `?limit=500&action=event.erase${cursor === null ? '' : `&cursor=${cursor}`}`;
    const answer = await fetch(`${url}/admin/audit${query}`, { headers: ADMIN });
    const page = (await answer.json()) as { audit: Row[]; next: string | null };
    rows.push(...page.audit);
    cursor = page.next;
  } while (cursor !== null);
  return rows;
}

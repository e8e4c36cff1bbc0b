import assert from 'node:assert/strict';
import { createHmac, randomInt } from 'node:crypto';
import { describe, it } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { openStore } from '../../src/store/open-store.ts';
import { eventually } from '../../testkit/eventually.ts';
import { startPostgres } from '../../testkit/postgres.ts';
import { type ReceiverProcess, receiverFolder } from '../../testkit/receiver-process.ts';
import { createSeededRandom, type SeededRandom, testSeeds } from '../../testkit/seeded-random.ts';
import { metricSum } from '../e2e/support/client.ts';
import { inParallel } from '../e2e/support/in-parallel.ts';

const TOKEN = 'a-token-of-the-tests';
const SECRET = 'a secret of the tests';
const EVENTS = 700;
/** Two operators and a script. */
const REPLAYERS = 3;
/** A process lives so long at most, which is enough for some hundred replays. */
const LONGEST_LIFE_MS = 1_500;

const CONFIG = `
  class PermanentError extends Error { code = 'HANDLER_PERMANENT'; }
  export default {
    sources: { github: { provider: 'github', secret: '${SECRET}' } },
    destinations: { billing: { handler: () => { throw new PermanentError('poison'); } } },
  };`;

type Node = Readonly<{ url(): string; stop(): Promise<void> }>;

describe('two operators, a script and a provider that replay the same dead letters at once', () => {
  for (const seed of testSeeds([randomInt(1_000_000)])) {
    it(`make one replay of each, while the process is killed again and again (TEST_SEED=${seed})`, async (t) => {
      const folder = await receiverFolder(t, { config: CONFIG, env: ENV });
      await replayAll(() => folder.start(), 1, createSeededRandom(seed));
      const store = await openStore({ path: folder.databasePath, maxPendingDeliveries: 1_000_000 });
      t.after(() => store.close());
      await assertOneReplayEach(store);
    });

    it(`make one replay of each on two nodes that are killed in turn (TEST_SEED=${seed})`, async (t) => {
      const server = await startPostgres();
      t.after(() => server.stop());
      const url = await server.createDatabase();
      const folder = await receiverFolder(t, { config: CONFIG, env: { ...ENV, DATABASE_URL: url } });
      await replayAll(() => folder.start(), 2, createSeededRandom(seed));
      const store = await openStore({ path: '', databaseUrl: url, maxPendingDeliveries: 1_000_000 });
      t.after(() => store.close());
      await assertOneReplayEach(store);
    });
  }
});

const ENV = { ADMIN_TOKEN: TOKEN, QUEUE_MAXSIZE: '100000', LOG_LEVEL: 'INFO' };

async function replayAll(start: () => Promise<ReceiverProcess>, count: number, random: SeededRandom) {
  const nodes: Mortal[] = [];
  for (let at = 0; at < count; at++) nodes.push(await openMortal(start));
  const url = () => random.pick(nodes).url();
  const keys = Array.from({ length: EVENTS }, (_, at) => `key-${at}`);
  await inParallel(20, keys, async (key) => void (await send(url, key)));
  await eventually(
    'all have failed',
    () => failedAre(url(), EVENTS),
    () => failedCount(url()),
  );
  const letters = await readLetters(url());
  assert.equal(letters.length, EVENTS);

  let isOver = false;
  const killing = (async () => {
    while (!isOver) {
      await pause(random.int(LONGEST_LIFE_MS));
      await random.pick(nodes).die();
    }
  })();
  const shuffled = () => letters.toSorted(() => random.next() - 0.5);
  const ids = Array.from({ length: REPLAYERS }, shuffled);
  const answers = new Map<number, number>();
  const replaying = ids.map((own) =>
    inParallel(4, own, async (id) => {
      const status = await insist(() => ask(url(), `/deliveries/${id}/replay`, 'POST'));
      answers.set(status, (answers.get(status) ?? 0) + 1);
    }),
  );
  const redelivering = inParallel(2, keys, async (key) => {
    for (let times = 0; times < 2; times++) assert.equal(await send(url, key), 200);
  });
  await Promise.all([...replaying, redelivering]);
  isOver = true;
  await killing;
  assert.deepEqual(
    [...answers.keys()].filter((status) => status !== 202 && status !== 409),
    [],
  );
  assert.ok(answers.get(202)! > 0 && answers.get(409)! > EVENTS);
  // Each replay has failed as well, and is now the dead letter.
  await eventually(
    'all replays have failed',
    () => failedAre(url(), EVENTS),
    () => failedCount(url()),
  );
  for (const node of nodes) await node.stop();
}

type Mortal = Node & Readonly<{ die(): Promise<void> }>;

/** A process that is started again when it has been killed; meanwhile its last address is asked, in vain. */
async function openMortal(start: () => Promise<ReceiverProcess>): Promise<Mortal> {
  let process = await start();
  return {
    url: () => process.url,
    async stop() {
      await process.stop();
    },
    async die() {
      await process.crash();
      process = await start();
    },
  };
}

async function assertOneReplayEach(store: Awaited<ReturnType<typeof openStore>>): Promise<void> {
  let audited = 0;
  for (let after = 0; ; ) {
    const rows = await store.readAudit(after, 500);
    audited += rows.filter(({ action, after_json: json }) => {
      return action === 'delivery.replay' && json?.includes('replay_id') === true;
    }).length;
    if (rows.length === 0) break;
    after = rows.at(-1)!.seq;
  }
  for (let at = 0; at < EVENTS; at++) {
    const view = await store.eventByKey('github', `key-${at}`);
    const [first, second, ...others] = await store.deliveriesOf(view!.id);
    assert.deepEqual(others, [], `key-${at} has more than one replay`);
    assert.deepEqual(
      [first!.replayedBy, second!.replayOf, second!.sentAs],
      [second!.id, first!.id, first!.id],
    );
  }
  assert.equal(audited, EVENTS, 'each replay has its row in the audit');
}

/** Asks until there is an answer that is not about the receiver's own state. */
async function insist(call: () => Promise<Response>): Promise<number> {
  return eventually(
    'there is an answer',
    async () => {
      const response = await call().catch(() => null);
      await response?.arrayBuffer().catch(() => null);
      return response !== null && response.status < 500 && response.status;
    },
    () => performance.now(),
  );
}

async function send(url: () => string, key: string): Promise<number> {
  const body = JSON.stringify({ key });
  const signature = `sha256=${createHmac('sha256', SECRET).update(body).digest('hex')}`;
  const headers = {
    ...{ 'content-type': 'application/json', 'x-github-event': 'push', 'x-github-delivery': key },
    'x-hub-signature-256': signature,
  };
  return insist(() => fetch(`${url()}/webhooks/github`, { method: 'POST', headers, body }));
}

function ask(url: string, path: string, method = 'GET'): Promise<Response> {
  return fetch(`${url}/admin${path}`, { method, headers: { authorization: `Bearer ${TOKEN}` } });
}

async function readLetters(url: string): Promise<string[]> {
  const ids: string[] = [];
  let cursor: string | null = null;
  do {
    const query: string = cursor === null ? '' : `&cursor=${cursor}`;
    const response = await ask(url, `/dead-letters?limit=500${query}`);
    const page = (await response.json()) as { deliveries: { id: string }[]; next: string | null };
    ids.push(...page.deliveries.map(({ id }) => id));
    cursor = page.next;
  } while (cursor !== null);
  return ids;
}

const failedCount = (url: string) => metricSum(url, 'webhook_deliveries', 'status="failed"').catch(() => -1);
const failedAre = async (url: string, count: number) => (await failedCount(url)) === count;

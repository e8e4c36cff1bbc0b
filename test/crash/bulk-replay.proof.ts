import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, it, type TestContext } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { openStore } from '../../src/store/open-store.ts';
import type { Store } from '../../src/store/store.ts';
import { anAttempt, anEvent, createCountingIds } from '../../testkit/builders.ts';
import { eventually } from '../../testkit/eventually.ts';
import { startPostgres } from '../../testkit/postgres.ts';
import { type ReceiverProcess, receiverFolder } from '../../testkit/receiver-process.ts';
import { createSeededRandom, type SeededRandom, testSeeds } from '../../testkit/seeded-random.ts';
import { inParallel } from '../e2e/support/in-parallel.ts';

const TOKEN = 'a-token-of-the-tests';
const ENV = { ADMIN_TOKEN: TOKEN, QUEUE_MAXSIZE: '1000000', LOG_LEVEL: 'INFO' };
/** BULK_TARGETS=100000 takes six minutes on each store. */
const TARGETS = Number(process.env.BULK_TARGETS ?? 8_000);
/** Of the destination; the operation asks for as many. */
const RATE = 500;
const KILLS = 10;

type Operation = Readonly<{
  id: string;
  state: string;
  count: number | null;
  done: number;
  left: number;
  outcomes: Readonly<Record<string, number>>;
  taken_back: Readonly<Record<string, number>>;
}>;

describe('a bulk replay that is killed again and again', () => {
  for (const seed of testSeeds([randomInt(1_000_000)])) {
    it(`replays each dead letter once and counts exactly (TEST_SEED=${seed})`, async (t) => {
      const sink = await startSink(t);
      const folder = await receiverFolder(t, { config: sink.config, env: ENV });
      const open = () => openStore({ path: folder.databasePath, maxPendingDeliveries: 1_000_000 });
      await prove(t, open, () => folder.start(), 1, sink, createSeededRandom(seed));
    });

    it(`does so on two nodes (TEST_SEED=${seed})`, async (t) => {
      const server = await startPostgres();
      t.after(() => server.stop());
      const databaseUrl = await server.createDatabase();
      const sink = await startSink(t);
      const env = { ...ENV, DATABASE_URL: databaseUrl };
      const folder = await receiverFolder(t, { config: sink.config, env });
      const open = () => openStore({ path: '', databaseUrl, maxPendingDeliveries: 1_000_000 });
      await prove(t, open, () => folder.start(), 2, sink, createSeededRandom(seed));
    });
  }
});

type Sink = Readonly<{ config: string; busiestSecond(): number; counts: ReadonlyMap<string, number> }>;

/** A destination that counts what it gets, by the key of the delivery, and in each second. */
async function startSink(t: TestContext): Promise<Sink> {
  const counts = new Map<string, number>();
  const seconds = new Map<number, number>();
  const server = createServer((request, response) => {
    const key = String(request.headers['idempotency-key']);
    counts.set(key, (counts.get(key) ?? 0) + 1);
    const second = Math.floor(performance.now() / 1_000);
    seconds.set(second, (seconds.get(second) ?? 0) + 1);
    request.resume().on('end', () => response.end());
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => void server.close().closeAllConnections());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const config = `export default {
    sources: { default: {} },
    destinations: { crm: { url: '${url}', rate: '${RATE}/s', events: ['order.*'], breaker: false, concurrency: 50 } },
  };`;
  return { config, counts, busiestSecond: () => Math.max(0, ...seconds.values()) };
}

async function prove(
  t: TestContext,
  open: () => Promise<Store>,
  start: () => Promise<ReceiverProcess>,
  nodeCount: number,
  sink: Sink,
  random: SeededRandom,
): Promise<void> {
  const filled = await open();
  const old = await fill(filled, TARGETS, Date.now() - 3_600_000);
  await filled.close();
  const nodes: ReceiverProcess[] = [];
  for (let at = 0; at < nodeCount; at++) nodes.push(await start());
  const ask = <T>(method: string, path: string, body?: object) =>
    askAny(nodes, random, method, path, body) as Promise<T>;

  const plan = await ask<Operation>('POST', '', {
    kind: 'replay',
    q: 'status:failed since:2h',
    rate: `${RATE}/s`,
  });
  const read = () => ask<Operation>('GET', `/${plan.id}`);
  const progress = async () => JSON.stringify(await read());
  await eventually('it is counted', async () => (await read()).state === 'planned', progress);
  assert.equal((await read()).count, TARGETS);

  await ask('POST', `/${plan.id}/run`, { expect: TARGETS });
  let live = 0;
  let isOver = false;
  const sending = (async () => {
    while (!isOver) {
      if ((await send(random.pick(nodes).url, `live-${live}`)) === 202) live += 1;
      await pause(20);
    }
  })();
  for (let kill = 1; kill <= KILLS; kill++) {
    const until = Math.floor((TARGETS * (KILLS - kill)) / KILLS) + random.int(Math.ceil(TARGETS / KILLS));
    await eventually('it goes on', async () => (await read()).left <= until, progress);
    const at = random.int(nodes.length);
    await nodes[at]!.crash();
    nodes[at] = await start();
  }
  await eventually('it is over', async () => (await read()).state === 'completed', progress);
  isOver = true;
  await sending;
  const ended = await read();
  assert.deepEqual(ended.outcomes, { replayed: TARGETS });
  await ask('POST', `/${plan.id}/take-back`, {});
  await eventually('it is taken back', async () => (await read()).state === 'taken_back', progress);
  const { taken_back: takenBack } = await read();
  const { taken_back: removed = 0, tried = 0 } = takenBack;
  assert.equal(removed + tried, TARGETS);
  assert.ok(sink.busiestSecond() <= RATE * 2 * nodeCount, `${sink.busiestSecond()} in one second`);
  for (const node of nodes) await node.crash();
  await assertEach(t, await open(), old, removed);
}

async function assertEach(t: TestContext, store: Store, old: readonly string[], removed: number) {
  t.after(() => store.close());
  let unreplayed = 0;
  await inParallel(20, old, async (id) => {
    const { length } = await store.deliveriesOf(id);
    assert.ok(length === 1 || length === 2, `${id} has ${length} deliveries`);
    if (length === 1) unreplayed += 1;
  });
  assert.equal(unreplayed, removed);
}

/** Dead letters of the destination, newest last. @returns the ids of their events */
async function fill(store: Store, count: number, fromMs: number): Promise<readonly string[]> {
  const nextId = createCountingIds();
  const ids: string[] = [];
  for (let at = 0; at < count; at += 500) {
    const events = Array.from({ length: Math.min(500, count - at) }, (_, n) =>
      anEvent({ id: nextId(fromMs + at + n), receivedAtMs: fromMs + at + n }),
    );
    await Promise.all(events.map((event) => store.insertEvent(event, ['crm'])));
    const { leased } = await store.claim({
      limits: [{ destination: 'crm', limit: 500 }],
      ...{ token: `fill-${at}`, nowMs: fromMs + count, leaseUntilMs: fromMs + 2 * count },
    });
    const failed = { kind: 'failed', error: 'HTTP 503' } as const;
    const attempt = anAttempt({ outcome: 'failed', error: 'HTTP 503' });
    await Promise.all(leased.map(({ lease }) => store.settle(lease, failed, attempt, fromMs + count)));
    ids.push(...events.map(({ id }) => id));
  }
  return ids;
}

/** Asks any node, until one answers. */
async function askAny(
  nodes: readonly ReceiverProcess[],
  random: SeededRandom,
  method: string,
  path: string,
  body?: object,
): Promise<unknown> {
  for (;;) {
    try {
      const response = await fetch(`${random.pick(nodes).url}/admin/operations${path}`, {
        method,
        headers: { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });
      const answer = await response.json();
      if (response.ok) return answer;
      // A run or take-back whose answer was lost with a killed process.
      if (response.status === 409) return answer;
      if (response.status < 500) assert.fail(`${response.status} ${JSON.stringify(answer)}`);
    } catch (error) {
      if (error instanceof assert.AssertionError) throw error;
    }
    await pause(100);
  }
}

async function send(url: string, key: string): Promise<number> {
  try {
    const body = JSON.stringify({ idempotency_key: key, event_type: 'order.live', payload: {} });
    const headers = { 'content-type': 'application/json' };
    return (await fetch(`${url}/webhooks`, { method: 'POST', headers, body })).status;
  } catch {
    return 0;
  }
}

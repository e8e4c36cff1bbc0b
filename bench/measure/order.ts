import { acceptedOf, completedOf, type Metrics } from '../clients/metrics.ts';
import { createKeyPrefix, orderIdOf, orderKey } from '../clients/order.ts';
import { INSTANT_ENV, ORDERED } from '../handlers/configs.ts';
import type { Receiver } from '../servers/receiver.ts';
import { ratios, spread } from '../support/stats.ts';
import { fixed, type Table, verdict, whole } from '../support/table.ts';
import { waitUntil } from '../support/wait.ts';
import { type OpenDatabase, onSqlite, withReceiver } from './database.ts';
import { measureInRounds } from './rounds.ts';
import { CONNECTIONS, type Setting, WARM_UP_SECONDS } from './setting.ts';

const KEYS = 10_000;
const BLOCKED_KEYS = 1_000;
const GOAL = 0.8;
const TIMEOUT_MS = 120_000;

const WAYS = [
  { name: 'without order', env: {} },
  { name: 'with order', env: { BENCH_ORDER_BY: 'body:/payload/order_id' } },
] as const;
type Way = (typeof WAYS)[number];

/** Per second, from the first request until nothing is left to do. */
type Round = Readonly<{ throughput: number; completed: number; waiting: number }>;

/** The same events with and without order, of many keys, a tenth of which are blocked from the start. */
export function measureOrder(setting: Setting): Promise<Table> {
  return compareOrder(setting, 'SQLite', onSqlite);
}

export async function compareOrder(
  setting: Setting,
  store: string,
  openDatabase: OpenDatabase,
): Promise<Table> {
  const measured = await measureInRounds(
    setting.rounds,
    WAYS,
    (way) => measureOne(setting, way, openDatabase),
    ({ throughput, completed }) => `${whole(throughput)}/s throughput, ${whole(completed)}/s completed`,
  );
  const [base, ordered] = WAYS.map((way) => measured.get(way)!) as [readonly Round[], readonly Round[]];
  const ratio = spread(ratios(throughputOf(ordered), throughputOf(base)));
  const goal = `>= ${fixed(GOAL, 1)}: ${verdict(ratio, (value) => value >= GOAL)}`;
  return {
    title: `Order per key on ${store}: ${whole(KEYS)} keys, of which ${whole(BLOCKED_KEYS)} are blocked`,
    columns: [
      '',
      'events/s throughput',
      'min..max',
      'of the first',
      'min..max',
      'goal',
      'completed/s',
      'behind blocked keys',
    ],
    rows: [
      toRow(WAYS[0].name, base, ['1.00', '', '']),
      toRow(WAYS[1].name, ordered, [
        fixed(ratio.median, 2),
        `${fixed(ratio.min, 2)}..${fixed(ratio.max, 2)}`,
        goal,
      ]),
    ],
    notes: [
      'throughput: from the first request until each event is completed, or waits behind a blocked key; a tenth of the events have one',
    ],
  };
}

function throughputOf(rounds: readonly Round[]): number[] {
  return rounds.map(({ throughput }) => throughput);
}

function toRow(name: string, rounds: readonly Round[], ratio: readonly string[]): string[] {
  const throughput = spread(throughputOf(rounds));
  return [
    name,
    whole(throughput.median),
    `${whole(throughput.min)}..${whole(throughput.max)}`,
    ...ratio,
    whole(spread(rounds.map(({ completed }) => completed)).median),
    whole(spread(rounds.map(({ waiting }) => waiting)).median),
  ];
}

function measureOne(setting: Setting, way: Way, openDatabase: OpenDatabase): Promise<Round> {
  const env = { ...INSTANT_ENV, MAX_ATTEMPTS: '1', ...way.env };
  return withReceiver(openDatabase, { config: ORDERED, env }, async (receiver) => {
    await blockKeys(receiver);
    return run(receiver, setting);
  });
}

/** One failure of each, whichever way they are processed. */
async function blockKeys({ url, metrics }: Receiver): Promise<void> {
  const prefix = createKeyPrefix();
  for (let key = 0; key < BLOCKED_KEYS; key += 1) {
    const body = {
      idempotency_key: orderKey(prefix, key),
      event_type: 'order.created',
      payload: { order_id: orderIdOf(key), fails: true },
    };
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    await response.arrayBuffer();
  }
  const isDone = async () => failedOf(await metrics()) === BLOCKED_KEYS;
  if (!(await waitUntil(isDone, TIMEOUT_MS))) throw new Error('not every key could be blocked');
}

async function run(receiver: Receiver, setting: Setting): Promise<Round> {
  const saturate = (seconds: number) =>
    setting.saturate({
      url: receiver.url,
      connections: CONNECTIONS,
      seconds,
      keyPrefix: createKeyPrefix(),
      orderKeys: KEYS,
    });
  await saturate(WARM_UP_SECONDS);
  await dealtWith(receiver);
  const before = await receiver.metrics();
  const startedAtMs = performance.now();
  await saturate(setting.seconds);
  const after = await dealtWith(receiver);
  const seconds = (performance.now() - startedAtMs) / 1e3;
  return {
    throughput: (acceptedOf(after) - acceptedOf(before)) / seconds,
    completed: (completedOf(after) - completedOf(before)) / seconds,
    waiting: waitingOf(after),
  };
}

/** Waits until each event is completed, failed, or behind a blocked key. */
async function dealtWith({ metrics }: Receiver): Promise<Metrics> {
  let last = await metrics();
  const isDone = await waitUntil(async () => {
    last = await metrics();
    return completedOf(last) + failedOf(last) + waitingOf(last) >= acceptedOf(last);
  }, TIMEOUT_MS);
  if (!isDone) throw new Error(`${acceptedOf(last)} events accepted, only ${completedOf(last)} completed`);
  return last;
}

function failedOf(metrics: Metrics): number {
  return metrics.sum('webhook_dead_letters_total');
}

function waitingOf(metrics: Metrics): number {
  return metrics.sum('webhook_order_waiting');
}

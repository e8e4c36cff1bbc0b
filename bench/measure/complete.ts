import { createKeyPrefix } from '../clients/order.ts';
import { sendAtRate } from '../clients/paced.ts';
import { summarize } from '../clients/samples.ts';
import { COMPLETING, INSTANT, INSTANT_ENV } from '../handlers/configs.ts';
import { ratios, spread } from '../support/stats.ts';
import { fixed, type Table, whole } from '../support/table.ts';
import { type OpenDatabase, onSqlite, withReceiver } from './database.ts';
import { measureInRounds } from './rounds.ts';
import { type Setting, WARM_UP_SECONDS } from './setting.ts';
import { pipelineOf, runSaturated, type Saturated } from './throughput.ts';

/** Offered at a constant rate, far from what the receiver can do: what a completion adds to an accept's wait shows. */
const PER_SECOND = 1_000;

const HANDLERS = [
  { name: 'returns at once', config: INSTANT, env: {} },
  { name: 'ctx.complete, nothing written', config: COMPLETING, env: { BENCH_WORK: 'nothing' } },
  { name: 'ctx.complete, one row written', config: COMPLETING, env: {} },
] as const;
type BenchHandler = (typeof HANDLERS)[number];

type Round = Saturated & Readonly<{ p50Ms: number; p99Ms: number; notOk: number }>;

/** Handlers that complete their delivery together with what they write, beside one that returns at once. */
export function measureComplete(setting: Setting): Promise<Table> {
  return compareHandlers(setting, 'SQLite', onSqlite);
}

export async function compareHandlers(
  setting: Setting,
  store: string,
  openDatabase: OpenDatabase,
): Promise<Table> {
  const measured = await measureInRounds(
    setting.rounds,
    HANDLERS,
    (handler) => measureOne(setting, handler, openDatabase),
    ({ throughput, accepted, p99Ms }) =>
      `throughput ${whole(throughput)}/s, accepted ${whole(accepted)}/s, p99 ${fixed(p99Ms, 1)} ms`,
  );
  return {
    title: `ctx.complete on ${store}, beside a handler that returns at once`,
    columns: [
      'handler',
      'events/s through',
      'of the first',
      'min..max',
      'accepted/s meanwhile',
      'of the first',
      'min..max',
      `p50 at ${whole(PER_SECOND)}/s`,
      'p99',
      'min..max',
      'not 2xx',
    ],
    rows: HANDLERS.map((handler) => toRow(handler.name, measured.get(handler)!, measured.get(HANDLERS[0])!)),
    notes: [
      'throughput: from the first request until the last event is completed; accepted/s: while the client sends as fast as it can',
      'p50, p99: request to answer at a constant rate, all of it completed meanwhile',
    ],
  };
}

async function measureOne(
  setting: Setting,
  handler: BenchHandler,
  openDatabase: OpenDatabase,
): Promise<Round> {
  const started = { config: handler.config, env: { ...INSTANT_ENV, ...handler.env } };
  const saturated = await withReceiver(openDatabase, started, (receiver) =>
    runSaturated(pipelineOf(receiver), setting),
  );
  const paced = await withReceiver(openDatabase, started, async ({ url }) => {
    const seconds = setting.seconds + WARM_UP_SECONDS;
    const startMs = performance.now() + WARM_UP_SECONDS * 1e3;
    const samples = await sendAtRate({ url, perSecond: PER_SECOND, seconds, keyPrefix: createKeyPrefix() });
    return summarize(samples, startMs, startMs + setting.seconds * 1e3);
  });
  return { ...saturated, p50Ms: paced.p50Ms, p99Ms: paced.p99Ms, notOk: paced.notOk };
}

function toRow(name: string, runs: readonly Round[], bases: readonly Round[]): string[] {
  const of = (value: (run: Round) => number) => spread(runs.map(value));
  const ratio = (value: (run: Round) => number) => {
    const { median, min, max } = spread(ratios(runs.map(value), bases.map(value)));
    return [fixed(median, 2), `${fixed(min, 2)}..${fixed(max, 2)}`];
  };
  const p99 = of((run) => run.p99Ms);
  return [
    name,
    whole(of((run) => run.throughput).median),
    ...ratio((run) => run.throughput),
    whole(of((run) => run.accepted).median),
    ...ratio((run) => run.accepted),
    `${fixed(of((run) => run.p50Ms).median, 1)} ms`,
    `${fixed(p99.median, 1)} ms`,
    `${fixed(p99.min, 1)}..${fixed(p99.max, 1)}`,
    whole(runs.reduce((sum, run) => sum + run.notOk, 0)),
  ];
}

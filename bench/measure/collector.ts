import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createKeyPrefix } from '../clients/order.ts';
import { sendAtRate } from '../clients/paced.ts';
import { summarize } from '../clients/samples.ts';
import { INSTANT } from '../handlers/configs.ts';
import { startReceiver } from '../servers/receiver.ts';
import { say } from '../support/say.ts';
import { ratios, type Spread, spread } from '../support/stats.ts';
import { fixed, type Table, whole } from '../support/table.ts';
import { createTempDir } from '../support/temp.ts';
import { type Setting, WARM_UP_SECONDS } from './setting.ts';

const PER_SECOND = 500;
/** Where nothing listens. */
const AWAY = 'http://127.0.0.1:9';

/** How long the collector of a round takes for an answer; null: none is asked for, or it is away. */
const CASES = [
  { name: 'no traces', answersAfterMs: null, isTraced: false },
  { name: 'a collector that takes all', answersAfterMs: 0, isTraced: true },
  { name: 'a collector that answers after 5 s', answersAfterMs: 5_000, isTraced: true },
  { name: 'a collector that is away', answersAfterMs: null, isTraced: true },
] as const;
type Case = (typeof CASES)[number];

type Round = Readonly<{ p50Ms: number; p99Ms: number; notOk: number; dropped: number }>;

/** What a collector costs the senders: the time to an answer with each kind of collector, in turn. */
export async function measureCollector(setting: Setting): Promise<Table> {
  const rounds = new Map<Case, Round[]>(CASES.map((one) => [one, []]));
  for (let round = 0; round < setting.rounds; round += 1) {
    for (const one of round % 2 === 0 ? CASES : CASES.toReversed()) {
      const result = await runRound(setting, one);
      rounds.get(one)!.push(result);
      say(`  round ${round + 1}/${setting.rounds}  ${one.name}: p99 ${fixed(result.p99Ms, 2)} ms`);
    }
  }
  return tabulate(rounds);
}

async function runRound(setting: Setting, { isTraced, answersAfterMs }: Case): Promise<Round> {
  const dir = createTempDir('collector');
  const collector = answersAfterMs === null ? null : await startCollector(answersAfterMs);
  const url = collector === null ? AWAY : `http://127.0.0.1:${(collector.address() as AddressInfo).port}`;
  const receiver = await startReceiver({
    dir: dir.path,
    config: INSTANT,
    env: isTraced ? { OTEL_EXPORTER_OTLP_ENDPOINT: url } : {},
  });
  const seconds = setting.seconds + WARM_UP_SECONDS;
  const startMs = performance.now() + WARM_UP_SECONDS * 1e3;
  const keyPrefix = createKeyPrefix();
  const samples = await sendAtRate({ url: receiver.url, perSecond: PER_SECOND, seconds, keyPrefix });
  const { p50Ms, p99Ms, notOk } = summarize(samples, startMs, startMs + setting.seconds * 1e3);
  const metrics = await (await fetch(`${receiver.origin}/metrics`)).text();
  const counts = [...metrics.matchAll(/^webhook_spans_dropped_total\S* (\d+)$/gm)];
  const dropped = counts.reduce((sum, [, count]) => sum + Number(count), 0);
  await receiver.stop();
  collector?.closeAllConnections();
  collector?.close();
  await dir.remove();
  return { p50Ms, p99Ms, notOk, dropped };
}

async function startCollector(answersAfterMs: number): Promise<Server> {
  const server = createServer((request, response) => {
    request.resume();
    request.once('end', () => setTimeout(() => response.end(), answersAfterMs).unref());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}

function tabulate(rounds: ReadonlyMap<Case, readonly Round[]>): Table {
  const off = rounds.get(CASES[0])!;
  const rows = CASES.map((one) => {
    const own = rounds.get(one)!;
    const p99 = own.map(({ p99Ms }) => p99Ms);
    const against = spread(
      ratios(
        p99,
        off.map(({ p99Ms }) => p99Ms),
      ),
    );
    const sum = (of: (round: Round) => number) => whole(own.reduce((total, round) => total + of(round), 0));
    const text = ({ median, min, max }: Spread) => `${fixed(median, 2)} (${fixed(min, 2)}..${fixed(max, 2)})`;
    const times = [spread(own.map(({ p50Ms }) => p50Ms)), spread(p99), against].map(text);
    return [one.name, ...times, sum(({ dropped }) => dropped), sum(({ notOk }) => notOk)];
  });
  return {
    title: `A collector of traces, at ${whole(PER_SECOND)} events/s, all recorded: request to answer`,
    columns: ['collector', 'p50 ms', 'p99 ms', 'p99 to that without traces', 'spans dropped', 'not 2xx'],
    rows,
    notes: ['an event has six spans; with the defaults of OTEL_BSP_*'],
  };
}

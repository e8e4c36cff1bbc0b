import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createKeyPrefix } from '../clients/order.ts';
import { sendAtRate } from '../clients/paced.ts';
import { summarize } from '../clients/samples.ts';
import { INSTANT } from '../handlers/configs.ts';
import { startReceiver } from '../servers/receiver.ts';
import { say } from '../support/say.ts';
import { percentile, type Spread, spread } from '../support/stats.ts';
import { fixed, type Table, verdict, whole } from '../support/table.ts';
import { createTempDir } from '../support/temp.ts';
import { type Setting, WARM_UP_SECONDS } from './setting.ts';

const PER_SECOND = 1_000;
const GOAL_P50_MS = 1.5;
const GOAL_ANSWER_P99_MS = 4;

type Round = Readonly<{ start: readonly number[]; acceptP50Ms: number; acceptP99Ms: number; notOk: number }>;

/** From acceptance to the start of the handler, at a constant 1,000 events/s. */
export async function measureLatency(setting: Setting): Promise<Table> {
  const rounds: Round[] = [];
  for (let round = 0; round < setting.rounds; round += 1) {
    const result = await runRound(setting);
    rounds.push(result);
    say(`  round ${round + 1}/${setting.rounds}  p50 ${fixed(percentile(result.start, 0.5), 2)} ms`);
  }
  return tabulate(rounds);
}

async function runRound(setting: Setting): Promise<Round> {
  const dir = createTempDir('latency');
  const waitsFile = join(dir.path, 'waits.json');
  const receiver = await startReceiver({
    dir: dir.path,
    config: INSTANT,
    env: { BENCH_WAITS_FILE: waitsFile },
  });
  const seconds = setting.seconds + WARM_UP_SECONDS;
  const startMs = performance.now() + WARM_UP_SECONDS * 1e3;
  const measuredSinceMs = performance.timeOrigin + startMs;
  const sending = sendAtRate({
    url: receiver.url,
    perSecond: PER_SECOND,
    seconds,
    keyPrefix: createKeyPrefix(),
  });
  const summary = summarize(await sending, startMs, startMs + setting.seconds * 1e3);
  await receiver.stop();
  const start = readWaits(waitsFile, measuredSinceMs);
  await dir.remove();
  return { start, acceptP50Ms: summary.p50Ms, acceptP99Ms: summary.p99Ms, notOk: summary.notOk };
}

/** The handler's notes: pairs of when an event was accepted and how long it waited. */
function readWaits(file: string, sinceMs: number): number[] {
  const pairs = JSON.parse(readFileSync(file, 'utf8')) as number[];
  return pairs.filter((_, index) => index % 2 === 1 && pairs[index - 1]! >= sinceMs);
}

function tabulate(rounds: readonly Round[]): Table {
  const p50 = spread(rounds.map((round) => percentile(round.start, 0.5)));
  const p99 = spread(rounds.map((round) => percentile(round.start, 0.99)));
  const answer = spread(rounds.map((round) => round.acceptP99Ms));
  const handled = rounds.reduce((sum, round) => sum + round.start.length, 0);
  const notOk = rounds.reduce((sum, round) => sum + round.notOk, 0);
  return {
    title: `Latency at ${whole(PER_SECOND)} events/s`,
    columns: ['measure', 'median', 'min..max', 'goal'],
    rows: [
      row(
        'accepted to handler start, p50',
        p50,
        `<= ${GOAL_P50_MS} ms: ${verdict(p50, (ms) => ms <= GOAL_P50_MS)}`,
      ),
      row('accepted to handler start, p99', p99),
      row('request to answer, p50', spread(rounds.map((round) => round.acceptP50Ms))),
      row(
        'request to answer, p99',
        answer,
        `<= ${GOAL_ANSWER_P99_MS} ms: ${verdict(answer, (ms) => ms <= GOAL_ANSWER_P99_MS)}`,
      ),
    ],
    notes: [
      `${whole(handled)} events handled, ${whole(notOk)} requests not answered 2xx`,
      'accepted: when the request was read, before its commit',
    ],
  };
}

function row(name: string, value: Spread, goal = ''): string[] {
  const text = (number: number) => fixed(number, 2);
  return [name, `${text(value.median)} ms`, `${text(value.min)}..${text(value.max)}`, goal];
}

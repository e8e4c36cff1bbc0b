import { acceptedOf, completedOf, pendingOf } from '../clients/metrics.ts';
import { createKeyPrefix } from '../clients/order.ts';
import { sendAtRate } from '../clients/paced.ts';
import { summarize } from '../clients/samples.ts';
import { INSTANT, INSTANT_ENV } from '../handlers/configs.ts';
import { type Receiver, startReceiver } from '../servers/receiver.ts';
import { say } from '../support/say.ts';
import { type Spread, spread } from '../support/stats.ts';
import { fixed, type Table, verdict, whole } from '../support/table.ts';
import { createTempDir } from '../support/temp.ts';
import { sleepMs } from '../support/wait.ts';
import { type Setting, WARM_UP_SECONDS } from './setting.ts';
import { drain, pipelineOf, runSaturated, type Saturated } from './throughput.ts';

const GOAL_PER_SECOND = 20_000;
const OFFERED_PER_SECOND = 10_000;
const GOAL_P99_MS = 15;
/** A backlog of at most this much work, at the offered rate, is in step and not growing. */
const IN_STEP_SECONDS = 0.5;

type Offered = Readonly<{ accepted: number; completed: number; left: number; p99Ms: number; notOk: number }>;

/** Accepted and completed: the handler returns at once, so it is the receiver's own work that is measured. */
export async function measureEndToEnd(setting: Setting): Promise<Table> {
  const saturated: Saturated[] = [];
  const offered: Offered[] = [];
  for (let round = 0; round < setting.rounds; round += 1) {
    saturated.push(await withReceiver((receiver) => runSaturated(pipelineOf(receiver), setting)));
    offered.push(await withReceiver((receiver) => runOffered(receiver, setting)));
    const throughput = whole(saturated.at(-1)!.throughput);
    say(
      `  round ${round + 1}/${setting.rounds}  throughput ${throughput}/s, offered ${describe(offered.at(-1)!)}`,
    );
  }
  return tabulate(saturated, offered);
}

async function withReceiver<T>(run: (receiver: Receiver) => Promise<T>): Promise<T> {
  const dir = createTempDir('end-to-end');
  const receiver = await startReceiver({ dir: dir.path, config: INSTANT, env: INSTANT_ENV });
  const result = await run(receiver);
  await receiver.stop();
  await dir.remove();
  return result;
}

/** A constant rate, whether or not it keeps up: what is left at the end tells whether it did. */
async function runOffered(receiver: Receiver, setting: Setting): Promise<Offered> {
  const startMs = performance.now();
  const seconds = setting.seconds + WARM_UP_SECONDS;
  const sending = sendAtRate({
    url: receiver.url,
    perSecond: OFFERED_PER_SECOND,
    seconds,
    keyPrefix: createKeyPrefix(),
  });
  await sleepMs(WARM_UP_SECONDS * 1e3);
  const before = await receiver.metrics();
  const beforeMs = performance.now();
  await sleepMs(startMs + seconds * 1e3 - beforeMs);
  const after = await receiver.metrics();
  const elapsedSeconds = (performance.now() - beforeMs) / 1e3;
  const summary = summarize(await sending, startMs + WARM_UP_SECONDS * 1e3, startMs + seconds * 1e3);
  await drain(pipelineOf(receiver));
  return {
    accepted: (acceptedOf(after) - acceptedOf(before)) / elapsedSeconds,
    completed: (completedOf(after) - completedOf(before)) / elapsedSeconds,
    left: Math.max(acceptedOf(after) - completedOf(after), pendingOf(after)),
    p99Ms: summary.p99Ms,
    notOk: summary.notOk,
  };
}

function describe(run: Offered): string {
  return `${whole(run.accepted)}/s accepted, ${whole(run.completed)}/s completed, ${whole(run.left)} left`;
}

function tabulate(saturated: readonly Saturated[], offered: readonly Offered[]): Table {
  const of = <T>(runs: readonly T[], value: (run: T) => number) => spread(runs.map(value));
  const throughput = of(saturated, (run) => run.throughput);
  const accepted = of(offered, (run) => run.accepted);
  const completed = of(offered, (run) => run.completed);
  const left = of(offered, (run) => run.left);
  const p99Ms = of(offered, (run) => run.p99Ms);
  const keptUp = spread(offered.map((run) => (keepsUp(run) ? 1 : 0)));
  const keepsUpGoal = `keeps up: ${verdict(keptUp, (kept) => kept === 1)}`;
  const throughputVerdict = verdict(throughput, (perSecond) => perSecond >= GOAL_PER_SECOND);
  const throughputGoal = `>= ${whole(GOAL_PER_SECOND)}: ${throughputVerdict}`;
  return {
    title: 'End to end: accepted and completed, by a handler that returns at once',
    columns: ['measure', 'median', 'min..max', 'goal'],
    rows: [
      row('unthrottled: events/s, first request to last completion', throughput, throughputGoal),
      row(
        '  accepted/s meanwhile',
        of(saturated, (run) => run.accepted),
      ),
      row(
        '  completed/s meanwhile',
        of(saturated, (run) => run.completed),
      ),
      row(
        '  open when the client stopped',
        of(saturated, (run) => run.left),
      ),
      row(`${whole(OFFERED_PER_SECOND)}/s offered: accepted/s`, accepted),
      row('  completed/s', completed, keepsUpGoal),
      row('  open at the end', left),
      row('  accept p99, ms', p99Ms, `< ${GOAL_P99_MS}: ${verdict(p99Ms, (ms) => ms < GOAL_P99_MS)}`, 1),
      row(
        '  not 2xx',
        of(offered, (run) => run.notOk),
      ),
    ],
    notes: [],
  };
}

function keepsUp(run: Offered): boolean {
  const perSecond = Math.min(run.accepted, run.completed);
  return perSecond >= 0.99 * OFFERED_PER_SECOND && run.left <= IN_STEP_SECONDS * OFFERED_PER_SECOND;
}

function row(name: string, value: Spread, goal = '', digits = 0): string[] {
  const text = (number: number) => (digits === 0 ? whole(number) : fixed(number, digits));
  return [name, text(value.median), `${text(value.min)}..${text(value.max)}`, goal];
}

// npm run load:1000 and load:final: minutes of ordinary traffic against the real program with the simulator.
import { parseArgs } from 'node:util';
import { fetchMetrics, type Metrics, pendingOf } from './clients/metrics.ts';
import type { LoadState } from './load/clients.ts';
import { compareCounts, countsOf } from './load/counts.ts';
import { createPlan, LOAD_NAMES, type LoadName, type LoadPlan } from './load/plan.ts';
import { runPlan } from './load/run.ts';
import { countProblems, type Line, percent, sumUp, whyFailed } from './load/tally.ts';
import { readCount } from './options.ts';
import { startReceiver } from './servers/receiver.ts';
import { runAndUndo } from './support/cleanup.ts';
import { say } from './support/say.ts';
import { fixed, renderTable, whole } from './support/table.ts';
import { createTempDir } from './support/temp.ts';

const HELP = `node bench/load.ts ${LOAD_NAMES.join('|')} [options]

  --duration N    seconds to measure (180)
  --ramp N        seconds over which the clients start, not measured (10)
  --url ORIGIN    aim at a running receiver, as http://127.0.0.1:8000, instead of starting one
`;
/** Of problems of the same kind that are listed at the end. */
const MOST_PROBLEMS = 10;

type Target = Readonly<{ origin: string; stop(): Promise<void> }>;

await runAndUndo(async () => {
  const chosen = readArguments();
  if (chosen === null) return;
  const { plan, url } = chosen;
  const target = url === null ? await startTarget() : { origin: new URL(url).origin, stop: async () => {} };
  const state: LoadState = { origin: target.origin, known: [], answers: [], unclear: 0 };
  const clients = `${plan.senders} senders, ${plan.resenders} resenders, ${plan.pollers} pollers`;
  say(`load:${plan.name} on ${target.origin}: ${clients}, each at ${plan.perSecond}/s`);

  const before = countsOf(await firstMetrics(target.origin));
  const { fromMs, toMs } = await runPlan(plan, state, (gone, all) => showProgress(state, gone, all));
  if (process.stderr.isTTY) say('');
  const metrics = await fetchMetrics(target.origin);
  const after = countsOf(metrics);

  const lines = sumUp(state.answers, fromMs, toMs);
  const why = [...whyFailed(lines), ...compareCounts(before, after, state)];
  const counted = `${whole(after.accepted - before.accepted)} events accepted, ${whole(pendingOf(metrics))} pending`;
  const problems = countProblems(state.answers).slice(0, MOST_PROBLEMS);
  process.stdout.write(
    report(plan, lines, [
      `the receiver counted ${counted}, ${whole(after.duplicates - before.duplicates)} duplicates`,
      ...problems.map(([problem, count]) => `${problem}, ${count} times (ramp included)`),
    ]),
  );
  await target.stop();
  process.stdout.write(
    why.length === 0 ? 'PASSED\n' : `FAILED\n${why.map((each) => `- ${each}\n`).join('')}`,
  );
  if (why.length > 0) process.exitCode = 1;
});

function readArguments(): Readonly<{ plan: LoadPlan; url: string | null }> | null {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: {
        duration: { type: 'string' },
        ramp: { type: 'string' },
        url: { type: 'string' },
        help: { type: 'boolean', default: false },
      },
    });
    const name = LOAD_NAMES.find((each) => each === positionals[0]);
    if (values.help) {
      process.stdout.write(HELP);
      return null;
    }
    if (name === undefined || positionals.length > 1) throw new Error(HELP);
    return { plan: planOf(name, values.duration, values.ramp), url: values.url ?? null };
  } catch (error) {
    say((error as Error).message);
    process.exitCode = 2;
    return null;
  }
}

function planOf(name: LoadName, duration: string | undefined, ramp: string | undefined): LoadPlan {
  const usual = createPlan(name);
  return createPlan(
    name,
    readCount('--duration', duration, usual.durationSeconds),
    readCount('--ramp', ramp, usual.rampSeconds),
  );
}

/** The defaults are what is tested: queue, workers and simulator are as an operator gets them. */
async function startTarget(): Promise<Target> {
  const dir = createTempDir('load');
  const receiver = await startReceiver({ dir: dir.path, env: { QUEUE_MAXSIZE: '' } });
  return {
    origin: receiver.origin,
    stop: async () => {
      await receiver.stop();
      const ended = receiver.child.ended();
      if (ended !== 'exit code 0')
        throw new Error(`the receiver ended with ${ended}:\n${receiver.child.output()}`);
      await dir.remove();
    },
  };
}

async function firstMetrics(origin: string): Promise<Metrics> {
  try {
    return await fetchMetrics(origin);
  } catch (cause) {
    throw new Error(`no receiver answers at ${origin}`, { cause });
  }
}

/** One line that renews itself on a terminal, a line a second elsewhere. */
function showProgress(state: LoadState, gone: number, all: number): void {
  const errors = state.answers.filter(({ problem }) => problem !== null).length;
  const done = `${whole(state.answers.length)} requests, ${whole(state.known.length)} events, ${whole(errors)} errors`;
  const text = `  ${whole(gone)}/${whole(all)} s  ${done}`;
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`);
  else say(text);
}

function report(plan: LoadPlan, lines: readonly Line[], notes: readonly string[]): string {
  const text = renderTable({
    title: `load:${plan.name}, ${plan.durationSeconds} s after a ramp of ${plan.rampSeconds} s`,
    columns: ['request', 'count', 'errors', '', 'p50', 'p99', 'max'],
    rows: lines.map((line) => [
      line.kind,
      whole(line.count),
      whole(line.errors),
      percent(line.errorShare),
      ...[line.p50Ms, line.p99Ms, line.maxMs].map((value) => `${fixed(value, 1)} ms`),
    ]),
    notes,
  });
  return `${text}\n`;
}

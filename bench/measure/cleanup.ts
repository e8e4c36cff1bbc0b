import { join } from 'node:path';
import { deletedOf } from '../clients/metrics.ts';
import { createKeyPrefix } from '../clients/order.ts';
import { sendAtRate } from '../clients/paced.ts';
import { summarize } from '../clients/samples.ts';
import { UNWANTED } from '../handlers/configs.ts';
import { type Receiver, startReceiver } from '../servers/receiver.ts';
import { say } from '../support/say.ts';
import { ratios, spread } from '../support/stats.ts';
import { fixed, type Table, verdict, whole } from '../support/table.ts';
import { copyDatabase, createTempDir } from '../support/temp.ts';
import { sleepMs, waitUntil } from '../support/wait.ts';
import { fill } from './fill.ts';
import { CONNECTIONS, type Setting, WARM_UP_SECONDS } from './setting.ts';

const MODERATE_PER_SECOND = 2_000;
const GOAL_RATIO = 2;
const DAY_MS = 86_400_000;
/** The shortest retention that the configuration takes. */
const SHORTEST_RETENTION_MS = 0.0001 * DAY_MS;
const SHORTEST_INTERVAL_HOURS = '0.0001';
const CLEANUP_TIMEOUT_MS = 300_000;

type Run = Readonly<{
  p99Ms: number;
  okPerSecond: number;
  notOk: number;
  deletedPerSecond: number;
  deleted: number;
}>;
type Load = (receiver: Receiver, setting: Setting) => Promise<Omit<Run, 'deleted' | 'deletedPerSecond'>>;

/** The wait of an accept while expired events are deleted, and while they are not, on equal databases. */
export async function measureCleanup(setting: Setting): Promise<Table> {
  const dir = createTempDir('cleanup');
  const expired = join(dir.path, 'expired.db');
  const filled = await fill(setting, dir.path, expired, UNWANTED, setting.expiredEvents);
  const expiredAtMs = filled.endedAtMs + SHORTEST_RETENTION_MS + 1_000;
  await sleepMs(Math.max(0, expiredAtMs - performance.now()));

  const notes: string[] = [];
  const rows: string[][] = [];
  for (const [name, load] of [
    [`${whole(MODERATE_PER_SECOND)} events/s`, loadModerately],
    [`saturated, ${CONNECTIONS} connections`, loadFully],
  ] as const) {
    const without: Run[] = [];
    const during: Run[] = [];
    for (let round = 0; round < setting.rounds; round += 1) {
      for (const runs of round % 2 === 0 ? [without, during] : [during, without]) {
        const database = join(dir.path, 'round.db');
        copyDatabase(expired, database);
        const retentionMs = runs === during ? performance.now() - filled.endedAtMs - 500 : null;
        runs.push(await runOnce(setting, dir.path, database, load, retentionMs));
      }
      say(`  round ${round + 1}/${setting.rounds}  ${name}: ${describe(without.at(-1)!, during.at(-1)!)}`);
      noteEarlyEnd(during.at(-1)!, filled.events, name, notes);
    }
    rows.push(toRow(name, without, during));
  }
  const wholeCleanup = await timeWholeCleanup(dir.path, expired, filled.endedAtMs, filled.events);
  await dir.remove();
  return {
    title: `Cleanup of ${whole(filled.events)} expired events while accepting`,
    columns: [
      'load',
      'p99 without',
      'p99 with',
      'ratio',
      'min..max',
      'deleted/s',
      'accepted/s without',
      'with',
      'not 2xx',
      'goal',
    ],
    rows,
    notes: [wholeCleanup, ...notes],
  };
}

async function runOnce(
  setting: Setting,
  dir: string,
  database: string,
  load: Load,
  retentionMs: number | null,
): Promise<Run> {
  const receiver = await startReceiver({ dir, database, config: UNWANTED, env: retention(retentionMs) });
  await sleepMs(100);
  const warmUp = { url: receiver.url, connections: CONNECTIONS, seconds: WARM_UP_SECONDS };
  await setting.saturate({ ...warmUp, keyPrefix: createKeyPrefix() });
  const before = deletedOf(await receiver.metrics());
  const startedAtMs = performance.now();
  const result = await load(receiver, setting);
  const elapsedMs = performance.now() - startedAtMs;
  const deleted = deletedOf(await receiver.metrics());
  await receiver.stop('SIGKILL');
  return { ...result, deleted, deletedPerSecond: ((deleted - before) * 1e3) / elapsedMs };
}

function retention(retentionMs: number | null): Record<string, string> {
  if (retentionMs === null) return { RETENTION_DAYS: '30' };
  return { RETENTION_DAYS: String(retentionMs / DAY_MS), CLEANUP_INTERVAL_HOURS: SHORTEST_INTERVAL_HOURS };
}

async function loadModerately(receiver: Receiver, setting: Setting) {
  const startMs = performance.now();
  const samples = await sendAtRate({
    url: receiver.url,
    perSecond: MODERATE_PER_SECOND,
    seconds: setting.seconds,
    keyPrefix: createKeyPrefix(),
  });
  return summarize(samples, startMs, startMs + setting.seconds * 1e3);
}

async function loadFully(receiver: Receiver, setting: Setting) {
  const run = { url: receiver.url, connections: CONNECTIONS, seconds: setting.seconds };
  return setting.saturate({ ...run, keyPrefix: createKeyPrefix() });
}

/** With nothing else to do: how long all of it takes, and that all of it goes. */
async function timeWholeCleanup(
  dir: string,
  database: string,
  endedAtMs: number,
  events: number,
): Promise<string> {
  const retentionMs = performance.now() - endedAtMs - 500;
  const receiver = await startReceiver({ dir, database, config: UNWANTED, env: retention(retentionMs) });
  const startedAtMs = performance.now();
  const deleted = async () => deletedOf(await receiver.metrics());
  const isDone = await waitUntil(async () => (await deleted()) >= events, CLEANUP_TIMEOUT_MS);
  const seconds = (performance.now() - startedAtMs) / 1e3;
  const count = await deleted();
  const bytes = (await receiver.metrics()).sum('webhook_database_bytes');
  await receiver.stop();
  const left = `the database is then ${fixed(bytes / 2 ** 20, 1)} MB`;
  if (isDone) return `without load all ${whole(count)} were deleted in ${fixed(seconds, 1)} s; ${left}`;
  return `INVALID: of ${whole(events)} expired events ${whole(count)} were deleted in ${fixed(seconds, 0)} s`;
}

function noteEarlyEnd(run: Run, events: number, name: string, notes: string[]): void {
  if (run.deleted === 0) notes.push(`INVALID, ${name}: nothing was deleted meanwhile`);
  if (run.deleted >= events) notes.push(`${name}: the cleanup ended before the measurement did`);
}

function describe(without: Run, during: Run): string {
  const p99 = `p99 ${fixed(without.p99Ms, 1)} ms without, ${fixed(during.p99Ms, 1)} ms with`;
  return `${p99}, ${whole(during.deletedPerSecond)} deleted/s`;
}

function toRow(name: string, without: readonly Run[], during: readonly Run[]): string[] {
  const p99s = (runs: readonly Run[]) => runs.map((run) => run.p99Ms);
  const ratio = spread(ratios(p99s(during), p99s(without)));
  const medianOf = (runs: readonly Run[], value: (run: Run) => number) => spread(runs.map(value)).median;
  return [
    name,
    `${fixed(spread(p99s(without)).median, 1)} ms`,
    `${fixed(spread(p99s(during)).median, 1)} ms`,
    fixed(ratio.median, 2),
    `${fixed(ratio.min, 2)}..${fixed(ratio.max, 2)}`,
    whole(medianOf(during, (run) => run.deletedPerSecond)),
    whole(medianOf(without, (run) => run.okPerSecond)),
    whole(medianOf(during, (run) => run.okPerSecond)),
    whole([...without, ...during].reduce((sum, run) => sum + run.notOk, 0)),
    `<= ${GOAL_RATIO}: ${verdict(ratio, (value) => value <= GOAL_RATIO)}`,
  ];
}

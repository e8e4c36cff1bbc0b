import { join } from 'node:path';
import { pendingOf } from '../clients/metrics.ts';
import { createKeyPrefix } from '../clients/order.ts';
import { BLOCKED, INSTANT, INSTANT_ENV } from '../handlers/configs.ts';
import { type Receiver, startReceiver } from '../servers/receiver.ts';
import { readMemory } from '../support/machine.ts';
import { say } from '../support/say.ts';
import { ratios, spread } from '../support/stats.ts';
import { fixed, type Table, verdict, whole } from '../support/table.ts';
import { copyDatabase, createTempDir } from '../support/temp.ts';
import { sleepMs } from '../support/wait.ts';
import { completionRate, fill } from './fill.ts';
import { CONNECTIONS, type Setting, WARM_UP_SECONDS } from './setting.ts';

const GOAL_START_UP_MS = 2_000;
const GOAL_RSS_MB = 250;
const GOAL_RATIO = 0.8;
const NO_GRACE = { SHUTDOWN_GRACE: '0' };
/** What "empty" starts from when claims are measured: enough that they never run out. */
const CLAIMS_PER_SECOND_AT_MOST = 40_000;

type Round = Readonly<{
  startUpMs: number;
  crashStartUpMs: number;
  pending: number;
  acceptPerSecond: number;
  claimPerSecond: number;
  bothPerSecond: number;
  rssAtReadyMb: number;
  peakMb: number;
}>;

/** The same receiver with next to nothing and with a million pending, turn by turn in each round. */
export async function measureBacklog(setting: Setting): Promise<Table> {
  const dir = createTempDir('backlog');
  const few = join(dir.path, 'few.db');
  const many = join(dir.path, 'many.db');
  const claimSeconds = setting.seconds + WARM_UP_SECONDS + 1;
  await fill(setting, dir.path, few, BLOCKED, claimSeconds * CLAIMS_PER_SECOND_AT_MOST);
  const filled = await fill(setting, dir.path, many, BLOCKED, setting.backlogEvents);

  const empty: Round[] = [];
  const full: Round[] = [];
  for (let round = 0; round < setting.rounds; round += 1) {
    const each = join(dir.path, `round-${round}`);
    copyDatabase(few, `${each}-few.db`);
    const fresh = { accept: `${each}-accept.db`, claim: `${each}-few.db`, both: `${each}-both.db` };
    empty.push(await runRound(setting, dir.path, fresh));
    full.push(await runRound(setting, dir.path, { accept: many, claim: many, both: many }));
    say(`  round ${round + 1}/${setting.rounds}  empty: ${describe(empty.at(-1)!)}`);
    say(`  round ${round + 1}/${setting.rounds}  backlog: ${describe(full.at(-1)!)}`);
  }
  await dir.remove();
  return tabulate(empty, full, [
    `the backlog was inserted over HTTP: ${whole(filled.events)} events in ${whole(filled.seconds)} s`,
    `pending at the start of the rounds: ${full.map((round) => whole(round.pending)).join('; ')}`,
    `claims of "empty" start from ${whole(claimSeconds * CLAIMS_PER_SECOND_AT_MOST)} pending`,
  ]);
}

/** The databases of one round: one for all with a backlog; empty ones need a new one each time. */
type Databases = Readonly<{ accept: string; claim: string; both: string }>;

async function runRound(setting: Setting, dir: string, databases: Databases): Promise<Round> {
  const accepting = await startReceiver({ dir, database: databases.accept, config: BLOCKED });
  const memoryAtReady = readMemory(accepting.child.pid);
  const pending = pendingOf(await accepting.metrics());
  await saturate(setting, accepting, WARM_UP_SECONDS);
  const accept = await saturate(setting, accepting, setting.seconds);
  const peakAccepting = readMemory(accepting.child.pid).peakMb;
  await accepting.stop('SIGKILL');

  const crashed = await startReceiver({ dir, database: databases.accept, config: BLOCKED, env: NO_GRACE });
  await crashed.stop();

  const claiming = await startReceiver({ dir, database: databases.claim, config: INSTANT, env: INSTANT_ENV });
  await sleepMs(WARM_UP_SECONDS * 1e3);
  const claimPerSecond = await completionRate(claiming.metrics, setting.seconds);
  const peakClaiming = readMemory(claiming.child.pid).peakMb;
  await claiming.stop();

  const both = await startReceiver({ dir, database: databases.both, config: INSTANT, env: INSTANT_ENV });
  await saturate(setting, both, WARM_UP_SECONDS);
  const client = saturate(setting, both, setting.seconds);
  const bothPerSecond = await completionRate(both.metrics, setting.seconds);
  await client;
  const peakBoth = readMemory(both.child.pid).peakMb;
  await both.stop();
  return {
    startUpMs: accepting.startUpMs,
    crashStartUpMs: crashed.startUpMs,
    pending,
    acceptPerSecond: accept.okPerSecond,
    claimPerSecond,
    bothPerSecond,
    rssAtReadyMb: memoryAtReady.rssMb,
    peakMb: Math.max(peakAccepting, peakClaiming, peakBoth),
  };
}

function saturate(setting: Setting, receiver: Receiver, seconds: number) {
  const run = { url: receiver.url, connections: CONNECTIONS, seconds, keyPrefix: createKeyPrefix() };
  return setting.saturate(run);
}

function describe(round: Round): string {
  const rates = [round.acceptPerSecond, round.claimPerSecond, round.bothPerSecond].map(whole).join(' / ');
  return `start-up ${whole(round.startUpMs)} ms, accept / claim / both ${rates} per second`;
}

function tabulate(empty: readonly Round[], full: readonly Round[], notes: readonly string[]): Table {
  const medians = (value: (round: Round) => number): [number, number] => [
    spread(empty.map(value)).median,
    spread(full.map(value)).median,
  ];
  const rate = (name: string, value: (round: Round) => number): string[] => {
    const [a, b] = medians(value);
    const ratio = spread(ratios(full.map(value), empty.map(value)));
    const range = `${fixed(ratio.min, 2)}..${fixed(ratio.max, 2)}`;
    const goal = `>= ${GOAL_RATIO}: ${verdict(ratio, (value) => value >= GOAL_RATIO)}`;
    return [name, whole(a), whole(b), fixed(ratio.median, 2), range, goal];
  };
  const size = (name: string, unit: string, value: (round: Round) => number, limit: number): string[] => {
    const [a, b] = medians(value);
    const goal = `< ${whole(limit)} ${unit}: ${verdict(spread(full.map(value)), (number) => number < limit)}`;
    return [name, `${whole(a)} ${unit}`, `${whole(b)} ${unit}`, '', '', goal];
  };
  return {
    title: 'A backlog of pending deliveries',
    columns: ['measure', 'empty', 'backlog', 'ratio', 'min..max', 'goal'],
    rows: [
      size('start-up to /ready', 'ms', (round) => round.startUpMs, GOAL_START_UP_MS),
      size('start-up after SIGKILL', 'ms', (round) => round.crashStartUpMs, GOAL_START_UP_MS),
      size('RSS when ready', 'MB', (round) => round.rssAtReadyMb, GOAL_RSS_MB),
      size('RSS under load, at most', 'MB', (round) => round.peakMb, GOAL_RSS_MB),
      rate('accept, events/s', (round) => round.acceptPerSecond),
      rate('claim and complete, events/s', (round) => round.claimPerSecond),
      rate('complete while accepting, events/s', (round) => round.bothPerSecond),
    ],
    notes,
  };
}

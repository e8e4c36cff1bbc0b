import { createKeyPrefix } from '../clients/order.ts';
import type { Saturation } from '../clients/saturate.ts';
import { CONTENDERS, type Contender } from '../servers/contenders.ts';
import type { Receiver } from '../servers/receiver.ts';
import { throwIfInterrupted } from '../support/cleanup.ts';
import { say } from '../support/say.ts';
import { ratios, spread } from '../support/stats.ts';
import { fixed, type Table, verdict, whole } from '../support/table.ts';
import { createTempDir } from '../support/temp.ts';
import { CONNECTIONS, type Setting, WARM_UP_SECONDS } from './setting.ts';

const CONNECTION_COUNTS = [CONNECTIONS, 256] as const;
const GOAL_OF_BARE = 0.45;

/** How many requests a server answers with 2xx, beside what others answer in the same round. */
export async function measureAccept(setting: Setting): Promise<Table> {
  const notes: string[] = [];
  let contenders = chooseContenders(setting, notes);
  const measured = new Map<string, Saturation[]>();
  for (let round = 0; round < setting.rounds; round += 1) {
    // Back and forth: whoever runs later in a round must not always be the same.
    const order = round % 2 === 0 ? contenders : contenders.toReversed();
    for (const connections of CONNECTION_COUNTS) {
      for (const contender of order) {
        if (!contenders.includes(contender)) continue;
        const result = await measureOrGiveUp(contender, connections, setting, notes);
        if (result === null) {
          contenders = contenders.filter((each) => each !== contender);
          continue;
        }
        const key = keyOf(contender, connections);
        measured.set(key, [...(measured.get(key) ?? []), result]);
        const rate = `${whole(result.okPerSecond)}/s`;
        say(`  round ${round + 1}/${setting.rounds}  ${connections} connections  ${contender.name}: ${rate}`);
      }
    }
  }
  return tabulate(contenders, measured, notes);
}

function keyOf(contender: Contender, connections: number): string {
  return `${contender.name}/${connections}`;
}

function chooseContenders(setting: Setting, notes: string[]): Contender[] {
  return CONTENDERS.filter((contender) => {
    const isAsked = setting.contenders.length === 0 || setting.contenders.includes(contender.name);
    if (!isAsked) return false;
    const missing = (contender.isPeer ? setting.peersMissing : null) ?? contender.missing();
    if (missing !== null) notes.push(`${contender.name}: skipped, ${missing}`);
    return missing === null;
  });
}

/** A peer that does not start here is left out and named; our own failing to is an error. */
async function measureOrGiveUp(
  contender: Contender,
  connections: number,
  setting: Setting,
  notes: string[],
): Promise<Saturation | null> {
  try {
    return await measureOne(contender, connections, setting, notes);
  } catch (error) {
    throwIfInterrupted();
    if (!contender.isPeer) throw error;
    const [reason] = (error as Error).message.split('\n');
    notes.push(`${contender.name}: left out, ${reason}`);
    return null;
  }
}

async function measureOne(
  contender: Contender,
  connections: number,
  setting: Setting,
  notes: string[],
): Promise<Saturation> {
  const dir = createTempDir(contender.name);
  const running = await contender.start(dir.path);
  const run = (seconds: number) =>
    setting.saturate({ url: running.url, connections, seconds, keyPrefix: createKeyPrefix() });
  const warmUp = await run(WARM_UP_SECONDS);
  const result = await run(setting.seconds);
  if (running.receiver !== null) {
    const problem = await compareCounts(running.receiver, warmUp.ok + result.ok, 2 * connections);
    if (problem !== null) notes.push(problem);
  }
  await running.stop();
  await dir.remove();
  return result;
}

/** Every 2xx that the client saw is an event that the receiver counts; more only by what was still under way. */
async function compareCounts(receiver: Receiver, ok: number, inFlight: number): Promise<string | null> {
  const accepted = await receiver.accepted();
  if (accepted >= ok && accepted <= ok + inFlight) return null;
  return `INVALID: the client saw ${ok} answers 2xx, the receiver counted ${accepted} events accepted`;
}

function tabulate(
  contenders: readonly Contender[],
  measured: ReadonlyMap<string, readonly Saturation[]>,
  notes: readonly string[],
): Table {
  const rows = CONNECTION_COUNTS.flatMap((connections) => {
    const bare = (measured.get(`bare/${connections}`) ?? []).map((each) => each.okPerSecond);
    return contenders.map((contender) =>
      toRow(contender, connections, measured.get(keyOf(contender, connections)) ?? [], bare),
    );
  });
  return {
    title: 'Accept: requests answered 2xx',
    columns: ['server', 'connections', 'requests/s', 'of bare', 'min..max', 'p50', 'p99', 'not 2xx', 'goal'],
    rows,
    notes: [
      'median over the rounds; the ratio to bare is taken within each round',
      'durable when answered: webhook-receiver, SQLite and pg-boss; Redis may lose its last second',
      ...notes,
    ],
  };
}

function toRow(
  contender: Contender,
  connections: number,
  runs: readonly Saturation[],
  bare: readonly number[],
): string[] {
  const rates = runs.map((run) => run.okPerSecond);
  const ofBare = bare.length === 0 ? null : spread(ratios(rates, bare));
  const isGoal = contender.name === 'receiver' && connections === CONNECTIONS && ofBare !== null;
  return [
    contender.label,
    String(connections),
    whole(spread(rates).median),
    ofBare === null ? 'n/a' : fixed(ofBare.median, 2),
    ofBare === null ? 'n/a' : `${fixed(ofBare.min, 2)}..${fixed(ofBare.max, 2)}`,
    `${fixed(spread(runs.map((run) => run.p50Ms)).median, 1)} ms`,
    `${fixed(spread(runs.map((run) => run.p99Ms)).median, 1)} ms`,
    whole(runs.reduce((sum, run) => sum + run.notOk + run.socketErrors, 0)),
    isGoal ? `>= ${GOAL_OF_BARE}: ${verdict(ofBare, (ratio) => ratio >= GOAL_OF_BARE)}` : '',
  ];
}

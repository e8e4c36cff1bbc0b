import { createKeyPrefix } from '../clients/order.ts';
import type { Saturation } from '../clients/saturate.ts';
import { CONTENDERS, type Contender } from '../servers/contenders.ts';
import type { Receiver } from '../servers/receiver.ts';
import { throwIfInterrupted } from '../support/cleanup.ts';
import { say } from '../support/say.ts';
import { ratios, type Spread, spread } from '../support/stats.ts';
import { fixed, type Table, verdict, whole } from '../support/table.ts';
import { createTempDir } from '../support/temp.ts';
import { CONNECTIONS, type Setting, WARM_UP_SECONDS } from './setting.ts';

/** A server's rate as a multiple of another's in the same round. */
export type AcceptGoal = Readonly<{
  server: string;
  base: string;
  connections: number;
  atLeast: number;
  words: string;
}>;

export type Comparison = Readonly<{
  title: string;
  contenders: readonly Contender[];
  connectionCounts: readonly number[];
  goals: readonly AcceptGoal[];
  notes: readonly string[];
}>;

/** How many requests a server answers with 2xx, beside what others answer in the same round. */
export function measureAccept(setting: Setting): Promise<Table> {
  return compareServers(setting, {
    title: 'Accept: requests answered 2xx',
    contenders: CONTENDERS,
    connectionCounts: [CONNECTIONS, 256],
    goals: [
      { server: 'receiver', base: 'bare', connections: CONNECTIONS, atLeast: 0.5, words: '' },
      { server: 'receiver', base: 'bare', connections: 256, atLeast: 0.65, words: '' },
    ],
    notes: ['durable when answered: webhook-receiver, SQLite and pg-boss; Redis may lose its last second'],
  });
}

/** Saturates one server after the other, round by round. */
export async function compareServers(setting: Setting, comparison: Comparison): Promise<Table> {
  const notes = [...comparison.notes];
  let contenders = chooseContenders(setting, comparison.contenders, notes);
  const measured = new Map<string, Saturation[]>();
  for (let round = 0; round < setting.rounds; round += 1) {
    // The order alternates, so that no server always runs last in a round.
    const order = round % 2 === 0 ? contenders : contenders.toReversed();
    for (const connections of comparison.connectionCounts) {
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
  return tabulate({ ...comparison, contenders, notes }, measured);
}

function keyOf(contender: Contender, connections: number): string {
  return `${contender.name}/${connections}`;
}

function chooseContenders(setting: Setting, all: readonly Contender[], notes: string[]): Contender[] {
  return all.filter((contender) => {
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

type Measured = ReadonlyMap<string, readonly Saturation[]>;

function tabulate(comparison: Comparison, measured: Measured): Table {
  const { title, contenders, connectionCounts, notes } = comparison;
  const rows = connectionCounts.flatMap((connections) =>
    contenders.map((contender) => toRow(comparison, contender, connections, measured)),
  );
  return {
    title,
    columns: ['server', 'connections', 'requests/s', 'of bare', 'min..max', 'p50', 'p99', 'not 2xx', 'goal'],
    rows,
    notes: ['median over the rounds; the ratio to bare is taken within each round', ...notes],
  };
}

function toRow(
  comparison: Comparison,
  { name, label }: Contender,
  connections: number,
  measured: Measured,
): string[] {
  const runs = measured.get(`${name}/${connections}`) ?? [];
  const ratiosTo = (base: string) => ratiosOf(measured, name, base, connections);
  const ofBare = ratiosTo('bare');
  const goals = comparison.goals
    .filter((goal) => goal.server === name && goal.connections === connections)
    .flatMap((goal) => describeGoal(goal, ratiosTo(goal.base)));
  return [
    label,
    String(connections),
    whole(spread(runs.map((run) => run.okPerSecond)).median),
    ofBare === null ? 'n/a' : fixed(ofBare.median, 2),
    ofBare === null ? 'n/a' : `${fixed(ofBare.min, 2)}..${fixed(ofBare.max, 2)}`,
    `${fixed(spread(runs.map((run) => run.p50Ms)).median, 1)} ms`,
    `${fixed(spread(runs.map((run) => run.p99Ms)).median, 1)} ms`,
    whole(runs.reduce((sum, run) => sum + run.notOk + run.socketErrors, 0)),
    goals.join('; '),
  ];
}

function ratiosOf(measured: Measured, name: string, base: string, connections: number): Spread | null {
  const ratesOf = (each: string) =>
    (measured.get(`${each}/${connections}`) ?? []).map((run) => run.okPerSecond);
  const bases = ratesOf(base);
  return bases.length === 0 ? null : spread(ratios(ratesOf(name), bases));
}

/** What is not the ratio to bare has no column of its own, so its figure stands with the goal. */
function describeGoal({ base, atLeast, words }: AcceptGoal, ratio: Spread | null): string[] {
  if (ratio === null) return [];
  const met = verdict(ratio, (each) => each >= atLeast);
  return [
    base === 'bare' ? `>= ${atLeast}: ${met}` : `${fixed(ratio.median, 1)} ${words}, >= ${atLeast}: ${met}`,
  ];
}

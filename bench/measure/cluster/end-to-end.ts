import { PIPELINES, type PipelineContender } from '../../servers/pipelines.ts';
import { throwIfInterrupted } from '../../support/cleanup.ts';
import { say } from '../../support/say.ts';
import { spread } from '../../support/stats.ts';
import { type Table, verdict, whole } from '../../support/table.ts';
import { createTempDir } from '../../support/temp.ts';
import type { Setting } from '../setting.ts';
import { runSaturated, type Saturated } from '../throughput.ts';

const GOAL_PER_SECOND = 5_000;
const GOAL_OF = 'receiver-postgres';

/** Accepted and completed on PostgreSQL, beside queues that do both with workers of their own. */
export async function measureClusterEndToEnd(setting: Setting): Promise<Table> {
  const notes: string[] = [];
  let contenders = PIPELINES.filter((contender) => {
    const missing = (contender.isPeer ? setting.peersMissing : null) ?? contender.missing();
    if (missing !== null) notes.push(`${contender.name}: skipped, ${missing}`);
    return missing === null;
  });
  const measured = new Map<string, Saturated[]>();
  for (let round = 0; round < setting.rounds; round += 1) {
    for (const contender of round % 2 === 0 ? contenders : contenders.toReversed()) {
      const result = await measureOrGiveUp(contender, setting, notes);
      if (result === null) {
        contenders = contenders.filter((each) => each !== contender);
        continue;
      }
      measured.set(contender.name, [...(measured.get(contender.name) ?? []), result]);
      say(`  round ${round + 1}/${setting.rounds}  ${contender.name}: ${whole(result.throughput)}/s`);
    }
  }
  return {
    title: 'End to end on PostgreSQL: accepted and completed, by a handler that returns at once',
    columns: ['server', 'events/s throughput', 'min..max', 'accepted/s', 'completed/s', 'left', 'goal'],
    rows: contenders.map((contender) => toRow(contender, measured.get(contender.name) ?? [])),
    notes: [
      'throughput: from the first request until the last event is completed, when the client has ended',
      'accepted/s, completed/s: while the client sends; left: open when it stops',
      'every server accepts and works in one process; the peers have their own workers, as many as the receiver has',
      ...notes,
    ],
  };
}

/** A peer that does not run here is left out and named; our own failing to is an error. */
async function measureOrGiveUp(
  contender: PipelineContender,
  setting: Setting,
  notes: string[],
): Promise<Saturated | null> {
  const dir = createTempDir(contender.name);
  try {
    const running = await contender.start(dir.path);
    const result = await runSaturated(running, setting);
    await running.stop();
    await dir.remove();
    return result;
  } catch (error) {
    throwIfInterrupted();
    if (!contender.isPeer) throw error;
    notes.push(`${contender.name}: left out, ${(error as Error).message.split('\n')[0]}`);
    return null;
  }
}

function toRow({ name, label }: PipelineContender, runs: readonly Saturated[]): string[] {
  const of = (value: (run: Saturated) => number) => spread(runs.map(value));
  const throughput = of((run) => run.throughput);
  const met = verdict(throughput, (perSecond) => perSecond >= GOAL_PER_SECOND);
  return [
    label,
    whole(throughput.median),
    `${whole(throughput.min)}..${whole(throughput.max)}`,
    whole(of((run) => run.accepted).median),
    whole(of((run) => run.completed).median),
    whole(of((run) => run.left).median),
    name === GOAL_OF ? `>= ${whole(GOAL_PER_SECOND)}: ${met}` : '',
  ];
}

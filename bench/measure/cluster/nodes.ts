import { startNodes } from '../../servers/pipelines.ts';
import { say } from '../../support/say.ts';
import { ratios, spread } from '../../support/stats.ts';
import { fixed, type Table, verdict, whole } from '../../support/table.ts';
import { createTempDir } from '../../support/temp.ts';
import type { Setting } from '../setting.ts';
import { runSaturated, type Saturated } from '../throughput.ts';

const NODES = 2;
/** On cores that one node and its database fill already a second one can only cost: it must not cost much. */
const GOAL_RATIO = 0.95;

/** Two nodes on one database against one, turn by turn, with as many connections in all. */
export async function measureNodes(setting: Setting): Promise<Table> {
  const one: Saturated[] = [];
  const more: Saturated[] = [];
  for (let round = 0; round < setting.rounds; round += 1) {
    const turns = [
      async () => one.push(await measure(1, setting)),
      async () => more.push(await measure(NODES, setting)),
    ];
    for (const turn of round % 2 === 0 ? turns : turns.toReversed()) await turn();
    const [a, b] = [one.at(-1)!.throughput, more.at(-1)!.throughput].map(whole);
    say(`  round ${round + 1}/${setting.rounds}  one node ${a}/s, ${NODES} nodes ${b}/s`);
  }
  return {
    title: 'Two nodes on one database, and one, on the same cores',
    columns: ['measure', 'one node', 'two nodes', 'ratio', 'min..max', 'goal'],
    rows: [
      row('events/s through, first request to last completion', one, more, (run) => run.throughput, true),
      row('  accepted/s meanwhile', one, more, (run) => run.accepted),
      row('  completed/s meanwhile', one, more, (run) => run.completed),
    ],
    notes: ['each node has a client of its own; together they have as many connections as the one'],
  };
}

async function measure(count: number, setting: Setting): Promise<Saturated> {
  const dir = createTempDir(`nodes-${count}`);
  const running = await startNodes(dir.path, count);
  const result = await runSaturated(running, setting);
  await running.stop();
  await dir.remove();
  return result;
}

function row(
  name: string,
  one: readonly Saturated[],
  more: readonly Saturated[],
  value: (run: Saturated) => number,
  isGoal = false,
): string[] {
  const ratio = spread(ratios(more.map(value), one.map(value)));
  return [
    name,
    whole(spread(one.map(value)).median),
    whole(spread(more.map(value)).median),
    fixed(ratio.median, 2),
    `${fixed(ratio.min, 2)}..${fixed(ratio.max, 2)}`,
    isGoal ? `>= ${GOAL_RATIO}: ${verdict(ratio, (each) => each >= GOAL_RATIO)}` : '',
  ];
}

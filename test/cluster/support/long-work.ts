import { eventually } from '../../../testkit/eventually.ts';
import type { Cluster } from './cluster.ts';
import { LONG_WORK_MS } from './load.ts';
import { machineMs } from './now.ts';
import { type Run, readRuns } from './runs.ts';

/** Resolves in the midst of a run that will go on for a while: what then happens to the node hits it. */
export function inLongWork(cluster: Cluster, name: string): Promise<boolean> {
  const { pid } = cluster.node(name);
  return eventually(`${name} is in the midst of long work`, async () => {
    const nowMs = machineMs();
    const ages = (await openRuns(cluster, pid)).map(({ startMs }) => nowMs - startMs);
    return ages.some((age) => age > SHORT_WORK_ENDS_MS && age < LONG_WORK_MS / 2);
  });
}

const SHORT_WORK_ENDS_MS = 50;

/** What a process has at work. */
export async function openRuns({ folder }: Cluster, pid: number): Promise<Run[]> {
  return (await readRuns(folder)).filter((run) => run.pid === pid && run.endMs === null);
}

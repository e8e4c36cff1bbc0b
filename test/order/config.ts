import { RUN_FILE, readRunLines } from '../cluster/support/run-file.ts';

export const DESTINATIONS = ['blocking', 'skipping'] as const;
export type DestinationName = (typeof DESTINATIONS)[number];

/** What an event asks its handler for. `seq` counts the events of a key in the order of acceptance. */
export type Payload = Readonly<{
  key: string;
  seq: number;
  workMs: number;
  /** So many tries fail before one succeeds. */
  failures: number;
  /** Fails for good: `replay` until it is replayed, `always` also then. */
  fatal: 'never' | 'replay' | 'always';
}>;

/**
 * Two destinations with order that write down when each run begins and ends. All nodes append to one file, which
 * survives them.
 */
export const ORDER_CONFIG = `
  import { appendFileSync } from 'node:fs';
  import { setTimeout as work } from 'node:timers/promises';
  import { PermanentError } from 'webhook-receiver';
  const say = (line) => appendFileSync('${RUN_FILE}', JSON.stringify(line) + '\\n');
  const machineMs = () => Number(process.hrtime.bigint()) / 1e6;
  let runs = 0;
  const handler = async ({ payload }, { deliveryId, destination, attempt }) => {
    const run = process.pid + '-' + ++runs;
    const { key, seq, workMs, failures, fatal } = payload;
    say({ run, pid: process.pid, destination, key, seq, deliveryId, attempt, startMs: machineMs() });
    await work(workMs);
    const isFirst = deliveryId.endsWith('0001') || deliveryId.endsWith('0002');
    const dies = fatal === 'always' || (fatal === 'replay' && isFirst);
    const fails = attempt <= failures;
    const outcome = dies ? 'died' : fails ? 'failed' : 'succeeded';
    say({ run, endMs: machineMs(), outcome });
    if (dies) throw new PermanentError('as the event asks, for good');
    if (fails) throw new Error('as the event asks');
  };
  const rules = { handler, orderBy: 'body:/payload/key', concurrency: 16 };
  export default { destinations: {
    blocking: rules,
    skipping: { ...rules, onFailure: 'skip' },
  } };`;

/** One run of a handler. */
export type Run = Readonly<{
  pid: number;
  destination: DestinationName;
  key: string;
  seq: number;
  deliveryId: string;
  attempt: number;
  startMs: number;
  /** Null when the process did not live to see it. */
  endMs: number | null;
  outcome: 'succeeded' | 'failed' | 'died' | null;
}>;

type Start = Omit<Run, 'endMs' | 'outcome'> & Readonly<{ run: string }>;
type End = Readonly<{ run: string; endMs: number; outcome: Run['outcome'] }>;

/** All runs so far, in the order in which they began. */
export async function readRuns(folder: string): Promise<Run[]> {
  const lines = await readRunLines<Start, End>(folder);
  return lines.map(({ start: { run: _, ...start }, end }) => ({
    ...start,
    endMs: end?.endMs ?? null,
    outcome: end?.outcome ?? null,
  }));
}

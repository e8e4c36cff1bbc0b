import { RUN_FILE, readRunLines } from './run-file.ts';

/**
 * A destination that writes down when each run begins and ends, before and after the work that the event asks for.
 * All nodes append to one file, which survives them.
 */
export const LEDGER_CONFIG = `
  import { appendFileSync } from 'node:fs';
  import { setTimeout as work } from 'node:timers/promises';
  const say = (line) => appendFileSync('${RUN_FILE}', JSON.stringify(line) + '\\n');
  const machineMs = () => Number(process.hrtime.bigint()) / 1e6;
  let runs = 0;
  export default { destinations: { ledger: {
    concurrency: 16,
    // The events themselves ask for failures.
    breaker: false,
    handler: async (event, { deliveryId, attempt }) => {
      const run = process.pid + '-' + ++runs;
      say({ run, pid: process.pid, deliveryId, attempt, startMs: machineMs() });
      await work(event.payload.workMs);
      const threw = attempt <= event.payload.failures;
      say({ run, endMs: machineMs(), threw });
      if (threw) throw new Error('as the event asks');
    },
  } } };`;

/** One run of the handler, under the lease of this attempt. */
export type Run = Readonly<{
  pid: number;
  deliveryId: string;
  attempt: number;
  startMs: number;
  /** Null when the process did not live to see it. */
  endMs: number | null;
  threw: boolean;
}>;

type Start = Omit<Run, 'endMs' | 'threw'> & Readonly<{ run: string }>;
type End = Readonly<{ run: string; endMs: number; threw: boolean }>;

/** All runs so far, in the order in which they began. */
export async function readRuns(folder: string): Promise<Run[]> {
  const lines = await readRunLines<Start, End>(folder);
  return lines.map(({ start: { run: _, ...start }, end }) => ({
    ...start,
    endMs: end?.endMs ?? null,
    threw: end?.threw ?? false,
  }));
}

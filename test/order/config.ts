import { RUN_FILE, readRunLines } from '../cluster/support/run-file.ts';

export const DESTINATIONS = ['blocking', 'skipping'] as const;
export type DestinationName = (typeof DESTINATIONS)[number];

/** What an event asks its handler for. `seq` counts the events of a key in the order of acceptance. */
export type Payload = Readonly<{
  key: string;
  seq: number;
  workMs: number;
  /** How many attempts fail before one succeeds. */
  failures: number;
  /** Fails for good: `replay` until it is replayed, `always` also then. */
  fatal: 'never' | 'replay' | 'always';
  /** Is entered into the ledger by `ctx.complete`. */
  isEntered: boolean;
}>;

/** What a handler has entered into its ledger, in the order in which it was committed. */
export type Entry = Readonly<{ destination: string; key: string; seq: number }>;

/** On PostgreSQL it is made before the nodes start; on SQLite by the first handler. */
export const LEDGER_COLUMNS = 'destination text not null, key text not null, seq integer not null';
export const ENTRIES = 'select destination, key, seq from app_ledger order by id';

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
  const enter = ({ key, seq }, destination) => async (tx) => {
    if (tx.kind === 'sqlite') {
      tx.run('create table if not exists app_ledger (id integer primary key, ${LEDGER_COLUMNS})');
      tx.run('insert into app_ledger (destination, key, seq) values (?, ?, ?)', destination, key, seq);
    } else {
      await tx.query('insert into app_ledger (destination, key, seq) values ($1, $2, $3)', [destination, key, seq]);
    }
  };
  const handler = async ({ payload }, { deliveryId, destination, attempt, complete }) => {
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
    // The next one of the key may begin with this commit, so it is the last thing.
    if (payload.isEntered) await complete(enter(payload, destination));
  };
  const rules = { handler, orderBy: 'body:/payload/key', concurrency: 16, breaker: false };
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

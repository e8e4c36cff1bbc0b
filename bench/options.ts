import { parseArgs } from 'node:util';
import type { InboxOptions } from './inbox/open-inbox.ts';
import { CONTENDERS } from './servers/contenders.ts';
import { say } from './support/say.ts';

export const MEASURES = [
  'accept',
  'verify',
  'end-to-end',
  'forward',
  'complete',
  'order',
  'latency',
  'backlog',
  'cleanup',
  'search',
  'questions',
  'collector',
  'console',
] as const;
export type MeasureName = (typeof MEASURES)[number];

export type BenchOptions = Readonly<{
  measures: readonly MeasureName[];
  contenders: readonly string[];
  seconds: number;
  rounds: number;
  backlogEvents: number;
  expiredEvents: number;
  inbox: InboxOptions;
  out: string | null;
}>;

export const BENCH_HELP = `npm run bench -- [options]

  --only a,b      some of: ${MEASURES.join(', ')};
                  or some of the servers that accept compares: ${CONTENDERS.map(({ name }) => name).join(', ')}
  --seconds N     length of each measurement (5)
  --rounds N      how often each is measured (5)
  --events N      events of the inbox that search and questions look at (10000000)
  --waiting N     deliveries that wait when backlog measures (1000000)
  --expired N     events that cleanup deletes (500000)
  --keep DIR      leave that inbox there, and use the one that is there
  --quick         2 seconds, 1 round, fewer events: to see that it works, not how fast
  --out FILE      also write the report there
`;

/** Reads the command line; a mistake is an Error that says what is taken. */
export function parseBenchOptions(args: readonly string[]): BenchOptions | 'help' {
  const { values } = parseArgs({
    args: [...args],
    options: {
      only: { type: 'string', multiple: true },
      seconds: { type: 'string' },
      rounds: { type: 'string' },
      events: { type: 'string' },
      waiting: { type: 'string' },
      expired: { type: 'string' },
      keep: { type: 'string' },
      quick: { type: 'boolean', default: false },
      out: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return 'help';
  const names = (values.only ?? []).flatMap((text) => text.split(',')).filter((name) => name !== '');
  const isMeasure = (name: string): name is MeasureName => (MEASURES as readonly string[]).includes(name);
  const contenders = names.filter((name) => CONTENDERS.some((contender) => contender.name === name));
  const unknown = names.filter((name) => !isMeasure(name) && !contenders.includes(name));
  if (unknown.length > 0) throw new Error(`--only does not know ${unknown.join(', ')}\n\n${BENCH_HELP}`);
  const named = MEASURES.filter(
    (name) => names.includes(name) || (name === 'accept' && contenders.length > 0),
  );
  return {
    measures: named.length === 0 ? MEASURES : named,
    contenders,
    seconds: readCount('--seconds', values.seconds, values.quick ? 2 : 5),
    rounds: readCount('--rounds', values.rounds, values.quick ? 1 : 5),
    backlogEvents: readCount('--waiting', values.waiting, values.quick ? 100_000 : 1_000_000),
    expiredEvents: readCount('--expired', values.expired, values.quick ? 200_000 : 500_000),
    inbox: readInbox(values, values.quick),
    out: values.out ?? null,
  };
}

/** Parses the command line of this process; null when there is nothing to run, which has then been said. */
export function readOptions<Options extends object>(
  parse: (args: readonly string[]) => Options | 'help',
  help: string,
): Options | null {
  try {
    const options = parse(process.argv.slice(2));
    if (options !== 'help') return options;
    process.stdout.write(help);
  } catch (error) {
    say((error as Error).message);
    process.exitCode = 2;
  }
  return null;
}

/** The inbox that is filled by statements. */
export function readInbox(
  values: Readonly<{ events?: string; keep?: string }>,
  isQuick: boolean,
): InboxOptions {
  const events = readCount('--events', values.events, isQuick ? 200_000 : 10_000_000);
  return { events, keep: values.keep ?? null };
}

/** A whole number of at least 1. */
export function readCount(name: string, text: string | undefined, fallback: number): number {
  if (text === undefined) return fallback;
  const count = Number(text);
  if (!Number.isInteger(count) || count < 1)
    throw new Error(`${name}: got ${text}, takes a whole number from 1`);
  return count;
}

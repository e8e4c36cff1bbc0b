import { parseArgs } from 'node:util';
import type { InboxOptions } from './inbox/open-inbox.ts';
import { readCount, readInbox } from './options.ts';

export const CLUSTER_MEASURES = [
  'accept',
  'end-to-end',
  'complete',
  'order',
  'rows',
  'nodes',
  'search',
  'questions',
] as const;
export type ClusterMeasureName = (typeof CLUSTER_MEASURES)[number];

export type ClusterOptions = Readonly<{
  measures: readonly ClusterMeasureName[];
  seconds: number;
  rounds: number;
  /** Events in the tables when `rows` compares the cost of an event with full and with empty tables. */
  rows: number;
  inbox: InboxOptions;
  out: string | null;
}>;

export const CLUSTER_HELP = `npm run bench:cluster -- [options]

  --only a,b      some of: ${CLUSTER_MEASURES.join(', ')}
  --rows N        events that lie in the tables already, for rows (5000000)
  --events N      events of the inbox that search and questions look at (10000000)
  --keep DIR      leave that inbox there, and use the one that is there
  --seconds N     length of each measurement (5)
  --rounds N      how often each is measured (5)
  --quick         2 seconds, 1 round, 100,000 rows: to see that it works, not how fast
  --out FILE      also write the report there
`;

/** Reads the command line; a mistake is an Error that says what is taken. */
export function parseClusterOptions(args: readonly string[]): ClusterOptions | 'help' {
  const { values } = parseArgs({
    args: [...args],
    options: {
      only: { type: 'string', multiple: true },
      rows: { type: 'string' },
      seconds: { type: 'string' },
      rounds: { type: 'string' },
      events: { type: 'string' },
      keep: { type: 'string' },
      quick: { type: 'boolean', default: false },
      out: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return 'help';
  const names = (values.only ?? []).flatMap((text) => text.split(',')).filter((name) => name !== '');
  const unknown = names.filter((name) => !(CLUSTER_MEASURES as readonly string[]).includes(name));
  if (unknown.length > 0) throw new Error(`--only does not know ${unknown.join(', ')}\n\n${CLUSTER_HELP}`);
  return {
    measures: names.length === 0 ? CLUSTER_MEASURES : CLUSTER_MEASURES.filter((name) => names.includes(name)),
    seconds: readCount('--seconds', values.seconds, values.quick ? 2 : 5),
    rounds: readCount('--rounds', values.rounds, values.quick ? 1 : 5),
    rows: readCount('--rows', values.rows, values.quick ? 100_000 : 5_000_000),
    inbox: readInbox(values, values.quick),
    out: values.out ?? null,
  };
}

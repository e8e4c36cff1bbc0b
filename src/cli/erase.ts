import type { Command } from 'commander';
import { printable } from '../domain/printable.ts';
import { type Asked, askReceiver, NEEDS_TOKEN } from './ask-receiver.ts';
import { CommandError } from './command-error.ts';
import { type Place, receiverCommands } from './receiver-command.ts';

type Erased = Readonly<{
  erased: number;
  erased_before: number;
  unknown: number;
  traces: 'removed' | 'held' | 'left_to_vacuum';
  held_by?: readonly string[];
}>;

type Options = Place &
  Readonly<{ source?: string; key?: string; since?: string; until?: string; expect?: string }>;

/** An inbox of many gigabytes is read from end to end. */
const TIMEOUT_MS = 2 * 3_600_000;

/** `webhook-receiver erase`: erases events of a running receiver. */
export function addEraseCommand(program: Command, env: NodeJS.ProcessEnv): void {
  const add = receiverCommands(program, env);
  add(
    'erase [event-ids...]',
    `erase what came with events, for good; their ids and outcomes stay ${NEEDS_TOKEN}`,
  )
    .option('--source <name>', 'events of this source, with --key, or with --since and --until')
    .option('--key <key>', 'the idempotency key of the event')
    .option('--since <time>', 'received from then on, such as 2026-11-01T10:00:00Z')
    .option('--until <time>', 'received before then')
    .option('--expect <n>', 'how many events it is about; needed above 1000')
    .action((ids: readonly string[], options: Options) => erase({ url: options.url, env }, ids, options));
}

async function erase(asked: Asked, ids: readonly string[], options: Options): Promise<void> {
  const { source, key, since, until, expect } = options;
  if (ids.length > 0 === (source !== undefined)) {
    throw new CommandError('erase takes ids of events, or --source with --key, or with --since and --until');
  }
  const body = {
    ...(ids.length > 0 && { ids }),
    ...{ source, key, since, until },
    ...(expect !== undefined && { expect: readCount(expect) }),
  };
  const erased = await askReceiver<Erased>({ ...asked, timeoutMs: TIMEOUT_MS }, 'POST', '/admin/erase', body);
  process.stdout.write(`${printable(summary(erased))}\n`);
  // What a script must not take for done.
  if (erased.traces === 'held') process.exitCode = 1;
}

function readCount(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new CommandError(`--expect takes a number of events, not ${text}`);
  return Number(text);
}

function summary({ erased, erased_before: before, unknown, traces, held_by: readers = [] }: Erased): string {
  const parts = [
    `${erased} erased`,
    ...(before > 0 ? [`${before} erased before`] : []),
    ...(unknown > 0 ? [`${unknown} unknown`] : []),
  ];
  return `${parts.join(', ')}; ${TRACES[traces](readers)}`;
}

const TRACES: Readonly<Record<Erased['traces'], (readers: readonly string[]) => string>> = {
  removed: () => 'nothing is left of them in the database',
  held: (readers) =>
    `traces are left in the -wal file as long as it is read by ${readers.join(', ')}: end that and repeat the command`,
  left_to_vacuum: () =>
    'PostgreSQL keeps old versions of the rows until VACUUM FULL and a checkpoint (docs/operations.md)',
};

import type { Command } from 'commander';
import { printable } from '../domain/printable.ts';
import { type Asked, askReceiver, NEEDS_TOKEN, printJson } from './ask-receiver.ts';
import { type Place, receiverCommands, withQuery } from './receiver-command.ts';
import { textTable } from './text-table.ts';

type Group = Readonly<{
  destination: string;
  group: string;
  class: string | null;
  http_status: number | null;
  count: number;
  first_at: string;
  last_at: string;
  sample: Readonly<{ error: string | null; response_excerpt: string | null }> | null;
  filter: string;
}>;

type Options = Place & Readonly<{ destination?: string; json?: boolean }>;

/** Characters of a cause that fit in a table; all of it is in the JSON. */
const CAUSE_CHARS = 100;

/** `webhook-receiver failures`, of a running receiver. */
export function addFailuresCommand(program: Command, env: NodeJS.ProcessEnv): void {
  receiverCommands(program, env)('failures', `list dead letters by cause ${NEEDS_TOKEN}`)
    .option('--destination <name>', 'only of this destination')
    .option('--json', 'print JSON, with the filter of each group')
    .action(({ url, ...options }: Options) => list({ url, env }, options));
}

async function list(asked: Asked, { destination, json = false }: Omit<Options, 'url'>): Promise<void> {
  const path = withQuery('/admin/failures', { destination });
  const answer = await askReceiver<{ failures: readonly Group[] }>(asked, 'GET', path);
  if (json) return printJson(answer);
  const { failures } = answer;
  if (failures.length === 0) {
    process.stdout.write('no dead letters\n');
    return;
  }
  const rows = failures.map((one) => [
    ...[printable(one.destination), one.group, String(one.count), one.first_at, one.last_at, causeOf(one)],
  ]);
  const head = ['DESTINATION', 'GROUP', 'COUNT', 'FIRST', 'LAST', 'CAUSE'];
  process.stdout.write(textTable([head, ...rows]));
  const shown = failures.find(({ group }) => group !== 'other') ?? failures[0]!;
  process.stdout.write(`\nThe dead letters of a group: webhook-receiver events '${shown.filter}'\n`);
}

function causeOf({ class: kind, http_status: status, sample }: Group): string {
  if (kind === null) return '-';
  const what = status === null ? kind : `${kind} ${status}`;
  const texts = [sample?.error, sample?.response_excerpt].flatMap((text) => text ?? []);
  const cause = printable([what, ...texts].join(': '));
  return cause.length <= CAUSE_CHARS ? cause : `${cause.slice(0, CAUSE_CHARS - 1)}…`;
}

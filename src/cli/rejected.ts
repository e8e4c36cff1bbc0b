import type { Command } from 'commander';
import { printable } from '../domain/printable.ts';
import { AdminError, type Asked, askReceiver, NEEDS_TOKEN, printJson } from './ask-receiver.ts';
import { CommandError } from './command-error.ts';
import {
  type PageOptions,
  type Place,
  printMore,
  REVEAL,
  type Reveal,
  receiverCommands,
  withPageOptions,
  withQuery,
} from './receiver-command.ts';
import { textTable } from './text-table.ts';

type Summary = Readonly<{
  id: string;
  source: string;
  reason: string;
  detail: string;
  method: string;
  url: string;
  content_type: string;
  body_bytes: number;
  received_at: string;
}>;

type Page = Readonly<{ rejected: readonly Summary[]; next: string | null }>;
type Outcome = Readonly<{ outcome: string; detail?: string }>;

type ListOptions = Place & PageOptions & Readonly<{ source?: string; json?: boolean }>;
type ReverifyOptions = Place & Readonly<{ source?: string; all?: boolean }>;

/** `webhook-receiver rejected list|show|reverify`, of a running receiver. */
export function addRejectedCommand(program: Command, env: NodeJS.ProcessEnv): void {
  const rejected = program
    .command('rejected')
    .description(`requests that were not verified: list, show and reverify them ${NEEDS_TOKEN}`);
  const add = receiverCommands(rejected, env);

  withPageOptions(add('list', 'list them, newest first'))
    .option('--source <name>', 'only requests of this source')
    .option('--json', 'print JSON')
    .action((options: ListOptions) => list({ url: options.url, env }, options));
  add('show <id>', 'show one with its headers and body')
    .option('--reveal', REVEAL)
    .action(async (id: string, { url, reveal }: Place & Reveal) => {
      const path = withQuery(`/admin/rejected/${encodeURIComponent(id)}`, { reveal: reveal && 'true' });
      printJson(await askReceiver({ url, env }, 'GET', path));
    });
  add('reverify [id]', 'verify them again with the current configuration, and accept those that pass')
    .option('--source <name>', 'all requests of this source')
    .option('--all', 'all of all sources')
    .action((id: string | undefined, options: ReverifyOptions) =>
      reverify({ url: options.url, env }, id, options),
    );
}

async function list(asked: Asked, { limit, source, cursor, json = false }: ListOptions): Promise<void> {
  const page = await readPage(asked, { limit, source, cursor });
  if (json) return printJson(page);
  const rows = page.rejected.map((one) => [
    ...[one.id, one.received_at, one.source, one.reason, `${one.body_bytes} B`, one.detail],
  ]);
  process.stdout.write(textTable([['ID', 'RECEIVED', 'SOURCE', 'REASON', 'BODY', 'DETAIL'], ...rows]));
  printMore(page.next);
}

type PageQuery = Readonly<{ limit: string; source: string | undefined; cursor: string | undefined }>;

function readPage(asked: Asked, query: PageQuery): Promise<Page> {
  return askReceiver<Page>(asked, 'GET', withQuery('/admin/rejected', query));
}

async function reverify(asked: Asked, id: string | undefined, options: ReverifyOptions): Promise<void> {
  const { source, all = false } = options;
  if ([id, source, all || undefined].filter((way) => way !== undefined).length !== 1) {
    throw new CommandError('reverify takes one of an id, --source and --all');
  }
  const ids = id === undefined ? await readIds(asked, source) : [id];
  const counts = new Map<string, number>();
  // Oldest first, in the order of arrival.
  for (const each of ids.toReversed()) {
    const { outcome, detail } = await reverifyOne(asked, each);
    counts.set(outcome, (counts.get(outcome) ?? 0) + 1);
    process.stdout.write(`${printable(`${each}  ${outcome}${detail === undefined ? '' : `: ${detail}`}`)}\n`);
  }
  process.stdout.write(`${summary(ids.length, counts)}\n`);
  const taken = TAKEN.reduce((sum, outcome) => sum + (counts.get(outcome) ?? 0), 0);
  if (taken !== ids.length) process.exitCode = 1;
}

/** Outcomes that remove a request from the rejected ones. */
const TAKEN = ['accepted', 'duplicate', 'handshake'];

const PAGE_LIMIT = '500';

/** Reads all ids before the first is verified: accepted requests leave the list, which would move its pages. */
async function readIds(asked: Asked, source: string | undefined): Promise<string[]> {
  const ids: string[] = [];
  let cursor: string | undefined;
  do {
    const page: Page = await readPage(asked, { limit: PAGE_LIMIT, source, cursor });
    ids.push(...page.rejected.map((one) => one.id));
    cursor = page.next ?? undefined;
  } while (cursor !== undefined);
  return ids;
}

/** A problem with one request, such as a full queue, does not end the others. */
async function reverifyOne(asked: Asked, id: string): Promise<Outcome> {
  try {
    return await askReceiver<Outcome>(asked, 'POST', `/admin/rejected/${encodeURIComponent(id)}/reverify`);
  } catch (error) {
    const problem = error instanceof AdminError ? error.problem : null;
    if (problem === null || problem.code === 'unauthorized') throw error;
    return { outcome: problem.code, detail: problem.detail };
  }
}

function summary(total: number, counts: ReadonlyMap<string, number>): string {
  const parts = [...counts].map(([outcome, count]) => `${count} ${outcome}`);
  return total === 0 ? 'no rejected requests are kept' : `${total} in all: ${parts.join(', ')}`;
}

import type { Command } from 'commander';
import { printable } from '../domain/printable.ts';
import { RECONCILABLE } from '../reconcile/reconcile.ts';
import { type Asked, askLines, NEEDS_TOKEN, printJson } from './ask-receiver.ts';
import { CommandError } from './command-error.ts';
import { type Place, receiverCommands } from './receiver-command.ts';

type Counts = Readonly<{
  listed: number;
  known: number;
  missing: number;
  fetched: number;
  requested: number;
  arrived: number;
  gone: number;
  since: string;
}>;

type Line =
  | Readonly<{ progress: Counts }>
  | Readonly<{ end: Counts }>
  | Readonly<{ error: Readonly<{ detail: string }> }>;

type Options = Place &
  Readonly<{ source: string; since: string; apply?: boolean; hook?: string; json?: boolean }>;

/** `webhook-receiver reconcile stripe|github`, of a running receiver. */
export function addReconcileCommand(program: Command, env: NodeJS.ProcessEnv): void {
  receiverCommands(program, env)(
    'reconcile <provider>',
    `compare a source with what its provider (${RECONCILABLE.join(' or ')}) says it sent, and fetch what is missing ${NEEDS_TOKEN}`,
  )
    .requiredOption('--source <name>', 'the source')
    .option('--since <time>', 'how far to look back', '3d')
    .option('--apply', 'fetch what is missing; without it, nothing changes')
    .option('--hook <hook>', "GitHub's webhook, as OWNER/REPO/ID or ORG/ID; by default that of the source")
    .option('--json', 'print JSON')
    .action((provider: string, { url, ...options }: Options) => reconcile({ url, env }, provider, options));
}

async function reconcile(asked: Asked, provider: string, options: Omit<Options, 'url'>): Promise<void> {
  const { source, since, apply = false, hook, json = false } = options;
  const path = `/admin/sources/${encodeURIComponent(source)}/reconcile`;
  const body = { provider, since, apply, ...(hook !== undefined && { hook }) };
  let end: Counts | null = null;
  for await (const line of askLines<Line>(asked, path, { method: 'POST', body })) {
    if ('error' in line) throw new CommandError(`${printable(line.error.detail)}`);
    if ('end' in line) end = line.end;
    else showProgress(line.progress);
  }
  clearProgress();
  if (end === null) throw new CommandError(`${asked.url} broke off its answer; run it again`);
  if (json) return printJson(end);
  process.stdout.write(`${textOf(end, provider, apply)}\n`);
}

function textOf(
  { listed, known, missing, since, ...done }: Counts,
  provider: string,
  apply: boolean,
): string {
  const found = `${provider} lists ${listed} events since ${since}: ${known} are here, ${missing} are missing`;
  if (missing === 0) return found;
  if (!apply) return `${found}\nnothing was changed: --apply fetches them`;
  const facts = [
    ['fetched', done.fetched],
    ['requested from the provider', done.requested],
    ['arrived by themselves meanwhile', done.arrived],
    ['no longer at the provider', done.gone],
  ] as const;
  const told = facts.filter(([, count]) => count > 0).map(([what, count]) => `${count} ${what}`);
  return `${found}\n${told.join(', ')}`;
}

function showProgress({ listed, missing, fetched, requested }: Counts): void {
  if (process.stderr.isTTY !== true) return;
  process.stderr.write(
    `\r\u001b[K${listed} listed, ${missing} missing, ${fetched + requested} fetched or requested`,
  );
}

function clearProgress(): void {
  if (process.stderr.isTTY === true) process.stderr.write('\r\u001b[K');
}

import type { Command } from 'commander';
import { OPERATION_KINDS } from '../domain/operation.ts';
import { printable } from '../domain/printable.ts';
import { readFilter } from '../filter/read-filter.ts';
import { sleep, systemClock } from '../runtime/clock.ts';
import { type Asked, askReceiver, NEEDS_TOKEN, printJson } from './ask-receiver.ts';
import { type BulkOperation, type Counts, describePlan, describeState, totalOf } from './bulk-text.ts';
import { CommandError } from './command-error.ts';
import { confirmPlan, type Terminal } from './confirm-plan.ts';
import { pointAt } from './events.ts';
import {
  type PageOptions,
  type Place,
  printMore,
  receiverCommands,
  withPageOptions,
  withQuery,
} from './receiver-command.ts';
import { textTable } from './text-table.ts';

type RunOptions = Place &
  Readonly<{ to?: string; rate?: string; yes?: boolean; expect?: string; json?: boolean }>;
type ShownOptions = Place & Readonly<{ json?: boolean }>;

/** How often a command that shows progress asks for it. */
const ASK_MS = 500;

const WHAT: Readonly<Record<(typeof OPERATION_KINDS)[number], string>> = {
  replay: 'replay what has failed',
  route: 'give events a delivery for another destination',
  'give-up': 'end pending deliveries as failed',
  reverify: 'verify rejected requests again',
  release: 'let blocked order keys go on',
  erase: 'erase events for good',
};

/** `webhook-receiver bulk …`: one action on everything that a filter selects. */
export function addBulkCommand(
  program: Command,
  env: NodeJS.ProcessEnv,
  terminal: Terminal = { input: process.stdin, output: process.stderr },
): void {
  const bulk = program
    .command('bulk')
    .description(`do one thing to all that a filter selects ${NEEDS_TOKEN}`);
  const add = receiverCommands(bulk, env);
  for (const kind of OPERATION_KINDS) {
    const command = add(`${kind} <filter...>`, `${WHAT[kind]}: shows the plan, asks, and shows the progress`)
      .option('--rate <rate>', 'how many a second, such as 100/s')
      .option('--yes', 'do not ask')
      .option('--expect <n>', 'how many it is about; needed above 1000 with --yes')
      .option('--json', 'print the operation as JSON when it is over');
    if (kind === 'route') command.requiredOption('--to <destination>', 'the destination');
    command.action((filter: readonly string[], options: RunOptions) =>
      runBulk({ url: options.url, env }, kind, filter.join(' '), options, terminal),
    );
  }
  withPageOptions(add('list', 'list operations, newest first'))
    .option('--json', 'print JSON')
    .action((options: ShownOptions & PageOptions) => listBulk({ url: options.url, env }, options));
  add('show <id>', 'show an operation; one that is under way until it is over')
    .option('--json', 'print JSON, at once')
    .action(async (id: string, { url, json }: ShownOptions) => {
      const operation = await read({ url, env }, id);
      if (json === true) return printJson(operation);
      process.stdout.write(describePlan(operation));
      await follow({ url, env }, operation);
    });
  for (const [name, path, says] of [
    ['cancel <id>', 'cancel', 'end an operation where it is; what was done stays'],
    ['take-back <id>', 'take-back', 'remove what it made, as far as it was never tried'],
  ] as const) {
    add(name, says)
      .option('--json', 'print JSON, at once')
      .action(async (id: string, { url, json }: ShownOptions) => {
        const asked = { url, env };
        const operation = await askReceiver<BulkOperation>(asked, 'POST', `${pathOf(id)}/${path}`);
        if (json === true) return printJson(operation);
        await follow(asked, operation);
      });
  }
}

const pathOf = (id: string) => `/admin/operations/${encodeURIComponent(id)}`;

function read(asked: Asked, id: string): Promise<BulkOperation> {
  return askReceiver<BulkOperation>(asked, 'GET', pathOf(id));
}

async function runBulk(
  asked: Asked,
  kind: string,
  filter: string,
  options: RunOptions,
  terminal: Terminal,
): Promise<void> {
  const reading = readFilter(filter);
  if (reading.kind === 'mistaken') throw new CommandError(pointAt(filter, reading.mistake));
  const expect = options.expect === undefined ? undefined : readCount(options.expect);
  const { to, rate, yes = false, json = false } = options;
  const body = { kind, q: filter, ...(to !== undefined && { to }), ...(rate !== undefined && { rate }) };
  const begun = await askReceiver<BulkOperation>(asked, 'POST', '/admin/operations', body);
  const plan = await awaitCount(asked, begun);
  if (!json) process.stdout.write(describePlan(plan));
  if (plan.state !== 'planned') throw new CommandError(`the plan is ${plan.state}`);
  if (plan.count === 0) {
    if (json) printJson(plan);
    return;
  }
  const confirmed = yes ? expect : await confirmPlan(plan.count!, terminal);
  if (!yes && confirmed === null) {
    process.stdout.write('nothing was done\n');
    return;
  }
  const run = { ...(confirmed !== undefined && { expect: confirmed ?? plan.count }) };
  const running = await askReceiver<BulkOperation>(asked, 'POST', `${pathOf(plan.id)}/run`, run);
  if (!json) process.stdout.write(leave(plan.id));
  const ended = await follow(asked, running, json);
  if (json) printJson(ended);
}

const leave = (id: string) => `it runs; Ctrl-C leaves it running: webhook-receiver bulk show ${id}\n`;

function readCount(text: string): number {
  if (!/^\d{1,12}$/.test(text)) throw new CommandError(`--expect takes a number of targets, not ${text}`);
  return Number(text);
}

async function awaitCount(asked: Asked, begun: BulkOperation): Promise<BulkOperation> {
  let plan = begun;
  while (plan.state === 'counting') {
    showProgress(`counting: ${plan.found} found among ${plan.scanned}`);
    await sleep(systemClock, ASK_MS);
    plan = await read(asked, plan.id);
  }
  clearProgress();
  return plan;
}

const ACTIVE: ReadonlySet<string> = new Set(['counting', 'running', 'taking_back']);

/** Shows the progress of an operation until it is over. */
async function follow(asked: Asked, first: BulkOperation, isQuiet = false): Promise<BulkOperation> {
  let operation = first;
  while (ACTIVE.has(operation.state)) {
    if (!isQuiet) showProgress(describeState(operation));
    await sleep(systemClock, ASK_MS);
    operation = await read(asked, operation.id);
  }
  clearProgress();
  if (!isQuiet) process.stdout.write(`${describeState(operation)}\n`);
  return operation;
}

function showProgress(text: string): void {
  if (process.stderr.isTTY === true) process.stderr.write(`\r\u001b[K${printable(text)}`);
}

function clearProgress(): void {
  if (process.stderr.isTTY === true) process.stderr.write('\r\u001b[K');
}

async function listBulk(asked: Asked, { limit, cursor, json }: ShownOptions & PageOptions): Promise<void> {
  const path = withQuery('/admin/operations', { limit, cursor });
  const page = await askReceiver<Readonly<{ operations: readonly BulkOperation[]; next: string | null }>>(
    asked,
    'GET',
    path,
  );
  if (json === true) return printJson(page);
  const rows = page.operations.map((one) => [
    ...[one.id, one.kind, one.state, one.created_at, one.created_by],
    ...[String(one.count ?? '-'), String(one.done), String(totalOf(one.skipped as Counts)), String(one.left)],
    one.q ?? '-',
  ]);
  const head = ['ID', 'KIND', 'STATE', 'PLANNED', 'BY', 'COUNT', 'DONE', 'SKIPPED', 'LEFT', 'FILTER'];
  process.stdout.write(textTable([head, ...rows]));
  printMore(page.next);
}

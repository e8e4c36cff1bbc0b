import type { Command } from 'commander';
import { printable } from '../domain/printable.ts';
import { type Asked, askReceiver, NEEDS_TOKEN, printJson } from './ask-receiver.ts';
import { type Place, receiverCommands } from './receiver-command.ts';
import { textTable } from './text-table.ts';

type Destination = Readonly<{
  name: string;
  state: string;
  reason: string | null;
  since: string | null;
  until: string | null;
  pending: number;
  held: number;
  processing: number;
  failed: number;
  oldest_age_seconds: number | null;
  rate: Readonly<{ configured: string | null; override: string | null }>;
  last_error: string | null;
}>;

type Output = Place & Readonly<{ json?: boolean }>;
type Until = Output & Readonly<{ until?: string }>;

/** `webhook-receiver destinations [list|hold|resume|rate]`, of a running receiver. */
export function addDestinationsCommand(program: Command, env: NodeJS.ProcessEnv): void {
  const destinations = program
    .command('destinations')
    .description(`destinations: list, hold, resume and limit them ${NEEDS_TOKEN}`);
  const add = receiverCommands(destinations, env);

  add('list', 'list destinations and what waits for them', { isDefault: true })
    .option('--json', 'print JSON')
    .action((options: Output) => list({ url: options.url, env }, options));
  add('hold <name>', 'give it no more deliveries; what is accepted waits, and no try is charged')
    .option('--reason <text>', 'shown with the destination and in the audit')
    .option('--until <time>', 'when it ends by itself, such as 2026-11-01T10:00:00Z')
    .option('--json', 'print JSON')
    .action((name: string, { url, reason, until, json }: Until & Readonly<{ reason?: string }>) =>
      change({ url, env }, 'POST', `${pathOf(name)}/hold`, { reason, until }, json),
    );
  add('resume <name>', 'end the hold, or close the breaker')
    .option('--json', 'print JSON')
    .action((name: string, { url, json }: Output) =>
      change({ url, env }, 'POST', `${pathOf(name)}/resume`, undefined, json),
    );
  add(
    'rate <name> [rate]',
    'give it at most so many deliveries a second, such as 50/s; without a rate: as configured',
  )
    .option('--until <time>', 'when it ends by itself')
    .option('--json', 'print JSON')
    .action((name: string, rate: string | undefined, { url, until, json }: Until) =>
      rate === undefined
        ? change({ url, env }, 'DELETE', `${pathOf(name)}/rate`, undefined, json)
        : change({ url, env }, 'PUT', `${pathOf(name)}/rate`, { rate, until }, json),
    );
}

function pathOf(name: string): string {
  return `/admin/destinations/${encodeURIComponent(name)}`;
}

async function list(asked: Asked, { json = false }: Output): Promise<void> {
  const answer = await askReceiver<{ destinations: readonly Destination[] }>(
    asked,
    'GET',
    '/admin/destinations',
  );
  if (json) return printJson(answer);
  print(answer.destinations);
}

async function change(
  asked: Asked,
  method: string,
  path: string,
  body: object | undefined,
  json = false,
): Promise<void> {
  const destination = await askReceiver<Destination>(asked, method, path, body);
  if (json) return printJson(destination);
  print([destination]);
}

function print(destinations: readonly Destination[]): void {
  const rows = destinations.map((one) => [
    ...[printable(one.name), one.state, one.since ?? '-', one.until ?? '-'],
    ...[one.pending, one.held, one.processing, one.failed].map(String),
    one.oldest_age_seconds === null ? '-' : `${Math.round(one.oldest_age_seconds)} s`,
    one.rate.override ?? one.rate.configured ?? '-',
    printable(one.reason ?? one.last_error ?? '-'),
  ]);
  const head = [
    'NAME',
    'STATE',
    'SINCE',
    'UNTIL',
    'PENDING',
    'HELD',
    'PROCESSING',
    'FAILED',
    'OLDEST',
    'RATE',
    'WHY',
  ];
  process.stdout.write(textTable([head, ...rows]));
}

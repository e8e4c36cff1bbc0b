import type { Command } from 'commander';
import { type Asked, askReceiver, NEEDS_TOKEN, printJson } from './ask-receiver.ts';
import {
  type PageOptions,
  type Place,
  printMore,
  receiverCommands,
  withPageOptions,
  withQuery,
} from './receiver-command.ts';
import { textTable } from './text-table.ts';

type Letter = Readonly<{
  id: string;
  destination: string;
  source: string;
  event_type: string;
  idempotency_key: string;
  updated_at: string;
  last_error: string | null;
  superseded_by: string | null;
}>;
type Page = Readonly<{ deliveries: readonly Letter[]; next: string | null }>;

/** The options that are parameters of the endpoint by the same names. */
type Filter = Readonly<
  Partial<Record<'destination' | 'source' | 'type' | 'since' | 'until' | 'error', string>>
>;
type ListOptions = Place & PageOptions & Filter & Readonly<{ superseded?: boolean; json?: boolean }>;

/** `webhook-receiver dead-letters`, of a running receiver. */
export function addDeadLettersCommand(program: Command, env: NodeJS.ProcessEnv): void {
  const add = receiverCommands(program, env);
  withPageOptions(add('dead-letters', `list failed deliveries, newest first ${NEEDS_TOKEN}`))
    .option('--destination <name>', 'only of this destination')
    .option('--source <name>', 'only of events of this source')
    .option('--type <type>', 'only of events of this type')
    .option('--since <time>', 'only of events received from then on: 2h, 7d or 2026-11-01T10:00Z')
    .option('--until <time>', 'only of events received before')
    .option('--error <text>', 'only with this text in the last error (for operators)')
    .option('--superseded', 'also those that were replayed')
    .option('--json', 'print JSON')
    .action(({ url, ...options }: ListOptions) => list({ url, env }, options));
}

async function list(asked: Asked, options: Omit<ListOptions, 'url'>): Promise<void> {
  const { superseded = false, json = false } = options;
  const page = await readLetters(asked, options);
  if (json) return printJson(page);
  if (page.deliveries.length === 0) {
    process.stdout.write('no dead letters\n');
    return;
  }
  const rows = page.deliveries.map((one) => [
    ...[one.id, one.updated_at, one.destination, one.source, one.event_type, one.idempotency_key],
    ...(superseded ? [one.superseded_by ?? ''] : []),
    one.last_error ?? '',
  ]);
  const names = ['DELIVERY', 'FAILED', 'DESTINATION', 'SOURCE', 'TYPE', 'KEY'];
  process.stdout.write(textTable([[...names, ...(superseded ? ['REPLAYED AS'] : []), 'ERROR'], ...rows]));
  printMore(page.next);
}

/** As many as were asked for: a page of a filter may be short before the last one. */
async function readLetters(asked: Asked, options: Omit<ListOptions, 'url'>): Promise<Page> {
  const { destination, source, type, since, until, error, superseded, limit } = options;
  const filter = { destination, source, type, since, until, error };
  const deliveries: Letter[] = [];
  let cursor = options.cursor;
  for (;;) {
    const left = deliveries.length === 0 ? limit : String(Number(limit) - deliveries.length);
    const query = { limit: left, ...filter, ...(superseded && { superseded: 'true' }), cursor };
    const page = await askReceiver<Page>(asked, 'GET', withQuery('/admin/dead-letters', query));
    deliveries.push(...page.deliveries);
    if (page.next === null || deliveries.length >= Number(limit)) return { deliveries, next: page.next };
    cursor = page.next;
  }
}

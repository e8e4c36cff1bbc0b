import type { Command } from 'commander';
import { printable } from '../domain/printable.ts';
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

type Blocked = Readonly<{
  destination: string;
  order_key: string;
  delivery_id: string;
  error: string;
  since: string;
  waiting: number;
}>;
type Page = Readonly<{ blocked: readonly Blocked[]; next: string | null }>;
type Released = Readonly<{ delivery_id: string; next_delivery_id: string | null }>;

type ListOptions = Place & PageOptions & Readonly<{ destination?: string; json?: boolean }>;

/** `webhook-receiver blocked list|release`, of a running receiver. */
export function addBlockedCommand(program: Command, env: NodeJS.ProcessEnv): void {
  const blocked = program
    .command('blocked')
    .description(`order keys that a failed delivery blocks: list and release them ${NEEDS_TOKEN}`);
  const add = receiverCommands(blocked, env);

  withPageOptions(add('list', 'list blocked keys, by destination and key'))
    .option('--destination <name>', 'only keys of this destination')
    .option('--json', 'print JSON')
    .action((options: ListOptions) => list({ url: options.url, env }, options));
  add(
    'release <destination> <key>',
    'leave the failed delivery as it is, and continue with the next one of its key',
  ).action((destination: string, key: string, { url }: Place) => release({ url, env }, destination, key));
}

async function list(asked: Asked, { limit, destination, cursor, json = false }: ListOptions): Promise<void> {
  const path = withQuery('/admin/blocked-keys', { limit, destination, cursor });
  const page = await askReceiver<Page>(asked, 'GET', path);
  if (json) return printJson(page);
  if (page.blocked.length === 0) {
    process.stdout.write('no key is blocked\n');
    return;
  }
  const rows = page.blocked.map((one) => [
    ...[one.destination, JSON.stringify(one.order_key), one.since, String(one.waiting), one.delivery_id],
    one.error,
  ]);
  process.stdout.write(textTable([['DESTINATION', 'KEY', 'SINCE', 'WAITING', 'DELIVERY', 'ERROR'], ...rows]));
  printMore(page.next);
}

async function release(asked: Asked, destination: string, orderKey: string): Promise<void> {
  const path = withQuery('/admin/blocked-keys/release', { destination, order_key: orderKey });
  const released = await askReceiver<Released>(asked, 'POST', path);
  const next = released.next_delivery_id;
  process.stdout.write(
    `released; ${printable(released.delivery_id)} stays a dead letter, ${next === null ? 'no delivery waited behind it' : `${printable(next)} is next`}\n`,
  );
}

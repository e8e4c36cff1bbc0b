import type { Command } from 'commander';
import { type Asked, askReceiver, defaultUrl, NEEDS_TOKEN, printJson } from './ask-receiver.ts';
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

type Place = Readonly<{ url: string }>;
type ListOptions = Place & Readonly<{ destination?: string; limit: string; cursor?: string; json?: boolean }>;

/** `webhook-receiver blocked list|release`, of a running receiver. */
export function addBlockedCommand(program: Command, env: NodeJS.ProcessEnv): void {
  const blocked = program
    .command('blocked')
    .description(`order keys that a failed delivery blocks: list and release them ${NEEDS_TOKEN}`);
  const add = (usage: string, description: string) =>
    blocked
      .command(usage)
      .description(description)
      .option('--url <url>', 'where the receiver listens', defaultUrl(env));

  add('list', 'list them, by destination and key')
    .option('--destination <name>', 'only those of one destination')
    .option('--limit <n>', 'most to list', '50')
    .option('--cursor <next>', 'the `next` of the page before')
    .option('--json', 'print JSON')
    .action((options: ListOptions) => list({ url: options.url, env }, options));
  add(
    'release <destination> <key>',
    'leave the failed delivery as it is, and go on with the next of its key',
  ).action((destination: string, key: string, { url }: Place) => release({ url, env }, destination, key));
}

async function list(asked: Asked, { limit, destination, cursor, json = false }: ListOptions): Promise<void> {
  const query = new URLSearchParams({ limit });
  if (destination !== undefined) query.set('destination', destination);
  if (cursor !== undefined) query.set('cursor', cursor);
  const page = await askReceiver<Page>(asked, 'GET', `/admin/blocked-keys?${query}`);
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
  if (page.next !== null) process.stdout.write(`\nmore: --cursor ${page.next}\n`);
}

async function release(asked: Asked, destination: string, orderKey: string): Promise<void> {
  const query = new URLSearchParams({ destination, order_key: orderKey });
  const released = await askReceiver<Released>(asked, 'POST', `/admin/blocked-keys/release?${query}`);
  const next = released.next_delivery_id;
  process.stdout.write(
    `released; ${released.delivery_id} stays a dead letter, ${next === null ? 'nothing waited behind it' : `${next} is next`}\n`,
  );
}

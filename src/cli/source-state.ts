import type { Command } from 'commander';
import { REDACTED } from '../config/show.ts';
import { printable } from '../domain/printable.ts';
import { type Asked, askReceiver, NEEDS_TOKEN } from './ask-receiver.ts';
import { type Place, receiverCommands } from './receiver-command.ts';
import { textTable } from './text-table.ts';

type Entry = Readonly<{ name: string; value: string; updated_at: string }>;
type State = Readonly<{ state: readonly Entry[] }>;
type Options = Place & Readonly<{ reveal?: boolean; reset?: string }>;

/** `webhook-receiver source-state <source>` */
export function addSourceStateCommand(program: Command, env: NodeJS.ProcessEnv): void {
  const add = receiverCommands(program, env);
  add(
    'source-state <source>',
    `show what handshakes have stored for a source, such as a secret ${NEEDS_TOKEN}`,
  )
    .option('--reveal', 'show secrets')
    .option('--reset <entry>', 'delete an entry, so that its handshake can be repeated')
    .action((source: string, options: Options) => run({ url: options.url, env }, source, options));
}

async function run(asked: Asked, source: string, { reset, reveal = false }: Options): Promise<void> {
  const path = `/admin/sources/${encodeURIComponent(source)}/state`;
  if (reset !== undefined) {
    await askReceiver(asked, 'DELETE', `${path}/${encodeURIComponent(reset)}`);
    process.stdout.write(`${printable(reset)} is deleted\n`);
    return;
  }
  const { state } = await askReceiver<State>(asked, 'GET', path);
  const rows = state.map(({ name, value, updated_at }) => [
    name,
    updated_at,
    reveal ? value : hide(name, value),
  ]);
  process.stdout.write(
    rows.length === 0
      ? `no handshake has stored anything for ${source}\n`
      : textTable([['ENTRY', 'SINCE', 'VALUE'], ...rows]),
  );
}

/** Entries that are not secret, or that the user has to paste at the provider. */
const SHOWN: ReadonlySet<string> = new Set(['verification_token', 'subscription']);

function hide(name: string, value: string): string {
  return SHOWN.has(name) ? value : `${REDACTED}: --reveal shows it`;
}

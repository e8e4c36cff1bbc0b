import type { Command } from 'commander';
import { type Asked, askReceiver, NEEDS_TOKEN, printJson } from './ask-receiver.ts';
import { type Place, receiverCommands } from './receiver-command.ts';

type Link = Readonly<{ path: string; expires_at: string }>;
type Options = Place & Readonly<{ json?: boolean }>;

/** `webhook-receiver console-link`, of a running receiver. */
export function addConsoleLinkCommand(program: Command, env: NodeJS.ProcessEnv): void {
  receiverCommands(program, env)(
    'console-link',
    `print a link that opens the console in a browser, once, within five minutes ${NEEDS_TOKEN}`,
  )
    .option('--json', 'print JSON')
    .action(({ url, json = false }: Options) => printLink({ url, env }, json));
}

async function printLink(asked: Asked, json: boolean): Promise<void> {
  const { path, expires_at } = await askReceiver<Link>(asked, 'POST', '/admin/console-link');
  const url = new URL(path, asked.url).href;
  if (json) return printJson({ url, expires_at });
  process.stdout.write(`${url}\n`);
}

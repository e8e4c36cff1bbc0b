import type { Command } from 'commander';
import { printable } from '../domain/printable.ts';
import { askReceiver, NEEDS_TOKEN, printJson } from './ask-receiver.ts';
import { type Place, receiverCommands } from './receiver-command.ts';

type Sent = Readonly<{ event_id: string; destination: string; event_type: string }>;
type Options = Place & Readonly<{ source?: string; destination: string; json?: boolean }>;

/** `webhook-receiver send-test`, of a running receiver. */
export function addSendTestCommand(program: Command, env: NodeJS.ProcessEnv): void {
  receiverCommands(program, env)(
    'send-test',
    `send an event of origin test to one destination ${NEEDS_TOKEN}`,
  )
    .requiredOption('--destination <name>', 'the only destination that gets it')
    .option('--source <name>', 'as the provider of this source would sign it; without it, a plain event')
    .option('--json', 'print JSON')
    .action(async ({ url, source, destination, json = false }: Options) => {
      const [kind, name] = source === undefined ? ['destinations', destination] : ['sources', source];
      const path = `/admin/${kind}/${encodeURIComponent(name)}/test`;
      const body = source === undefined ? undefined : { destination };
      const sent = await askReceiver<Sent>({ url, env }, 'POST', path, body);
      if (json) return printJson(sent);
      const what = printable(`${sent.event_type} as ${sent.event_id} to ${sent.destination}`);
      process.stdout.write(`sent ${what}\nwebhook-receiver inspect ${printable(sent.event_id)} shows it\n`);
    });
}

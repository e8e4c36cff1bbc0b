import type { Command } from 'commander';
import { type Asked, askReceiver, NEEDS_TOKEN, printJson } from './ask-receiver.ts';
import { type Place, REVEAL, type Reveal, receiverCommands, withQuery } from './receiver-command.ts';

/** `webhook-receiver inspect|replay`: events and deliveries of a running receiver. */
export function addAdminCommands(program: Command, env: NodeJS.ProcessEnv): void {
  const addPlain = receiverCommands(program, env);
  const add = (usage: string, description: string) => addPlain(usage, `${description} ${NEEDS_TOKEN}`);

  add('inspect <event-id>', 'show an event whole: its request, its deliveries and their attempts')
    .option('--reveal', REVEAL)
    .action((eventId: string, options: Place & Reveal) =>
      inspect({ url: options.url, env }, eventId, options),
    );
  add('replay <delivery-id>', 'repeat an ended delivery, once, as a new one')
    .option('--again', 'also one that was replayed before (for admins)')
    .action((deliveryId: string, { url, again = false }: Place & Readonly<{ again?: boolean }>) =>
      replay({ url, env }, deliveryId, again),
    );
}

async function inspect(asked: Asked, eventId: string, { reveal }: Reveal): Promise<void> {
  const path = `/admin/webhooks/${encodeURIComponent(eventId)}`;
  printJson(await askReceiver(asked, 'GET', withQuery(path, { reveal: reveal && 'true' })));
}

async function replay(asked: Asked, deliveryId: string, again: boolean): Promise<void> {
  const path = `/admin/deliveries/${encodeURIComponent(deliveryId)}/replay`;
  printJson(await askReceiver(asked, 'POST', withQuery(path, { again: again ? 'true' : undefined })));
}

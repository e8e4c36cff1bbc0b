import type { Command } from 'commander';
import { type Asked, askReceiver, NEEDS_TOKEN, printJson } from './ask-receiver.ts';
import {
  type PageOptions,
  type Place,
  REVEAL,
  type Reveal,
  receiverCommands,
  withPageOptions,
  withQuery,
} from './receiver-command.ts';

/** `webhook-receiver inspect|dead-letters|replay`: events and deliveries of a running receiver. */
export function addAdminCommands(program: Command, env: NodeJS.ProcessEnv): void {
  const addPlain = receiverCommands(program, env);
  const add = (usage: string, description: string) => addPlain(usage, `${description} ${NEEDS_TOKEN}`);

  add('inspect <event-id>', 'show an event whole: its request, its deliveries and their attempts')
    .option('--reveal', REVEAL)
    .action((eventId: string, options: Place & Reveal) =>
      inspect({ url: options.url, env }, eventId, options),
    );
  withPageOptions(add('dead-letters', 'list failed deliveries, newest first')).action(
    (options: Place & PageOptions) => listDeadLetters({ url: options.url, env }, options),
  );
  add('replay <delivery-id>', 'repeat an ended delivery as a new one').action(
    (deliveryId: string, { url }: Place) => replay({ url, env }, deliveryId),
  );
}

async function inspect(asked: Asked, eventId: string, { reveal }: Reveal): Promise<void> {
  const path = `/admin/webhooks/${encodeURIComponent(eventId)}`;
  printJson(await askReceiver(asked, 'GET', withQuery(path, { reveal: reveal && 'true' })));
}

async function listDeadLetters(asked: Asked, { limit, cursor }: PageOptions): Promise<void> {
  printJson(await askReceiver(asked, 'GET', withQuery('/admin/dead-letters', { limit, cursor })));
}

async function replay(asked: Asked, deliveryId: string): Promise<void> {
  printJson(await askReceiver(asked, 'POST', `/admin/deliveries/${encodeURIComponent(deliveryId)}/replay`));
}

import type { Command } from 'commander';
import { type Asked, askReceiver, NEEDS_TOKEN, printJson } from './ask-receiver.ts';
import {
  type PageOptions,
  type Place,
  receiverCommands,
  withPageOptions,
  withQuery,
} from './receiver-command.ts';

/** `webhook-receiver inspect|dead-letters|replay`: events and deliveries of a running receiver. */
export function addAdminCommands(program: Command, env: NodeJS.ProcessEnv): void {
  const addPlain = receiverCommands(program, env);
  const add = (usage: string, description: string) => addPlain(usage, `${description} ${NEEDS_TOKEN}`);

  add('inspect <event-id>', 'show an event with its deliveries and attempts').action(
    (eventId: string, { url }: Place) => inspect({ url, env }, eventId),
  );
  withPageOptions(add('dead-letters', 'list failed deliveries, newest first')).action(
    (options: Place & PageOptions) => listDeadLetters({ url: options.url, env }, options),
  );
  add('replay <delivery-id>', 'repeat an ended delivery as a new one').action(
    (deliveryId: string, { url }: Place) => replay({ url, env }, deliveryId),
  );
}

async function inspect(asked: Asked, eventId: string): Promise<void> {
  printJson(await askReceiver(asked, 'GET', `/admin/webhooks/${encodeURIComponent(eventId)}`));
}

async function listDeadLetters(asked: Asked, { limit, cursor }: PageOptions): Promise<void> {
  printJson(await askReceiver(asked, 'GET', withQuery('/admin/dead-letters', { limit, cursor })));
}

async function replay(asked: Asked, deliveryId: string): Promise<void> {
  printJson(await askReceiver(asked, 'POST', `/admin/deliveries/${encodeURIComponent(deliveryId)}/replay`));
}

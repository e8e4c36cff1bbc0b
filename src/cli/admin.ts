import type { Command } from 'commander';
import { askReceiver, NEEDS_TOKEN, printJson } from './ask-receiver.ts';
import {
  type PageOptions,
  type Place,
  receiverCommands,
  withPageOptions,
  withQuery,
} from './receiver-command.ts';

/** Adds the commands about events and deliveries of a running receiver. */
export function addAdminCommands(program: Command, env: NodeJS.ProcessEnv): void {
  const addPlain = receiverCommands(program, env);
  const add = (usage: string, description: string) => addPlain(usage, `${description} ${NEEDS_TOKEN}`);
  const ask = async ({ url }: Place, method: string, path: string) =>
    printJson(await askReceiver({ url, env }, method, path));

  add('inspect <event-id>', 'show an event with its deliveries and attempts').action(
    (id: string, options: Place) => ask(options, 'GET', `/admin/webhooks/${encodeURIComponent(id)}`),
  );
  withPageOptions(add('dead-letters', 'list failed deliveries, newest first')).action(
    (options: Place & PageOptions) => {
      const { limit, cursor } = options;
      return ask(options, 'GET', withQuery('/admin/dead-letters', { limit, cursor }));
    },
  );
  add('replay <delivery-id>', 'repeat an ended delivery as a new one').action((id: string, options: Place) =>
    ask(options, 'POST', `/admin/deliveries/${encodeURIComponent(id)}/replay`),
  );
}

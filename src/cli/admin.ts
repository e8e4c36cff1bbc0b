import type { Command } from 'commander';
import { askReceiver, defaultUrl, NEEDS_TOKEN, printJson } from './ask-receiver.ts';

type Options = Readonly<{ url: string }>;

/** Adds the commands about events and deliveries of a running receiver. */
export function addAdminCommands(program: Command, env: NodeJS.ProcessEnv): void {
  const add = (usage: string, description: string) =>
    program
      .command(usage)
      .description(`${description} ${NEEDS_TOKEN}`)
      .option('--url <url>', 'where the receiver listens', defaultUrl(env));
  const ask = async ({ url }: Options, method: string, path: string) =>
    printJson(await askReceiver({ url, env }, method, path));

  add('inspect <event-id>', 'show an event with its deliveries and attempts').action(
    (id: string, options: Options) => ask(options, 'GET', `/admin/webhooks/${encodeURIComponent(id)}`),
  );
  add('dead-letters', 'list failed deliveries, newest first')
    .option('--limit <n>', 'most to list', '50')
    .option('--cursor <next>', 'the `next` of the page before')
    .action((options: Options & { limit: string; cursor?: string }) => {
      const query = new URLSearchParams({ limit: options.limit });
      if (options.cursor !== undefined) query.set('cursor', options.cursor);
      return ask(options, 'GET', `/admin/dead-letters?${query}`);
    });
  add('replay <delivery-id>', 'try an ended delivery anew').action((id: string, options: Options) =>
    ask(options, 'POST', `/admin/deliveries/${encodeURIComponent(id)}/replay`),
  );
}

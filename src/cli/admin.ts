import type { Command } from 'commander';

/** A command that was asked of a receiver and refused. */
export class AdminError extends Error {
  override readonly name = 'AdminError';
  readonly code = 'ADMIN_REFUSED';
}

type Options = Readonly<{ url: string }>;

/** Adds the commands that talk to a running receiver; its process alone writes to the database. */
export function addAdminCommands(program: Command, env: NodeJS.ProcessEnv): void {
  const url = `http://127.0.0.1:${env.PORT ?? 8000}`;
  const add = (usage: string, description: string) =>
    program
      .command(usage)
      .description(`${description} (needs ADMIN_TOKEN here and at the receiver)`)
      .option('--url <url>', 'where the receiver listens', url);

  add('inspect <event-id>', 'show an event with its deliveries and attempts').action(
    (id: string, options: Options) => ask(env, options, 'GET', `/admin/webhooks/${encodeURIComponent(id)}`),
  );
  add('dead-letters', 'list failed deliveries, newest first')
    .option('--limit <n>', 'most to list', '50')
    .option('--cursor <next>', 'the `next` of the page before')
    .action((options: Options & { limit: string; cursor?: string }) => {
      const query = new URLSearchParams({ limit: options.limit });
      if (options.cursor !== undefined) query.set('cursor', options.cursor);
      return ask(env, options, 'GET', `/admin/dead-letters?${query}`);
    });
  add('replay <delivery-id>', 'try an ended delivery anew').action((id: string, options: Options) =>
    ask(env, options, 'POST', `/admin/deliveries/${encodeURIComponent(id)}/replay`),
  );
}

/** Asks the receiver and prints what it answers as JSON. */
async function ask(env: NodeJS.ProcessEnv, { url }: Options, method: string, path: string): Promise<void> {
  const token = env.ADMIN_TOKEN ?? '';
  if (token === '')
    throw new AdminError('ADMIN_TOKEN is not set: it must be the one that the receiver was started with');
  const response = await fetch(new URL(path, url), {
    method,
    headers: { authorization: `Bearer ${token}` },
  }).catch((cause: unknown) => {
    throw new AdminError(`no receiver answers at ${url}: start it, or give --url`, { cause });
  });
  const body = (await response.json()) as { detail?: string };
  if (!response.ok) {
    const hint =
      response.status === 404 ? ' (without ADMIN_TOKEN the receiver keeps its admin surface closed)' : '';
    throw new AdminError(`${url} answered ${response.status}: ${body.detail}${hint}`);
  }
  process.stdout.write(`${JSON.stringify(body, null, 2)}\n`);
}

import type { Command } from 'commander';
import { curlCommand } from '../domain/curl-command.ts';
import { type Asked, askReceiver, NEEDS_TOKEN } from './ask-receiver.ts';
import { CommandError } from './command-error.ts';
import { type Place, REVEAL, type Reveal, receiverCommands, withQuery } from './receiver-command.ts';

/** What `GET /admin/webhooks/{id}` answers, as far as it is needed here; null once the event is erased. */
type Details = Readonly<{
  method: string | null;
  url: string | null;
  headers: readonly (readonly [name: string, value: string])[] | null;
  body: string | null;
  body_encoding: 'utf8' | 'base64' | null;
}>;

type Options = Place & Reveal & Readonly<{ to?: string }>;

/** `webhook-receiver export`: an event as a command that sends it. */
export function addExportCommand(program: Command, env: NodeJS.ProcessEnv): void {
  const add = receiverCommands(program, env);
  add('export <event-id>', `print the request of an event as a curl command, with its bytes ${NEEDS_TOKEN}`)
    .option('--curl', 'as a curl command (the only form there is)')
    .option('--reveal', REVEAL)
    .option('--to <url>', 'where the command sends it, without path; the receiver by default')
    .action((eventId: string, options: Options) => exportEvent({ url: options.url, env }, eventId, options));
}

async function exportEvent(
  asked: Asked,
  eventId: string,
  { reveal, to = asked.url }: Options,
): Promise<void> {
  const path = `/admin/webhooks/${encodeURIComponent(eventId)}`;
  const details = await askReceiver<Details>(asked, 'GET', withQuery(path, { reveal: reveal && 'true' }));
  const { method, url, headers, body, body_encoding: encoding } = details;
  if (method === null || url === null || headers === null || body === null) {
    throw new CommandError(`the event ${eventId} is erased: nothing is left to export`);
  }
  const base = URL.canParse(to) ? new URL(to).origin : null;
  if (base === null) throw new CommandError('--to takes a URL such as http://localhost:8000');
  process.stdout.write(
    curlCommand({ method, url: `${base}${url}`, headers, body: Buffer.from(body, encoding ?? 'utf8') }),
  );
}

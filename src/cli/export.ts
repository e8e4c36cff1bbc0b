import type { Command } from 'commander';
import { curlCommand } from '../domain/curl-command.ts';
import { printable } from '../domain/printable.ts';
import { isUuid } from '../runtime/ids.ts';
import { type Asked, askLines, askReceiver, NEEDS_TOKEN } from './ask-receiver.ts';
import { CommandError } from './command-error.ts';
import { type ExportedEvent, type Exporting, openDir, openFile, openStdout } from './export-target.ts';
import { type Place, REVEAL, type Reveal, receiverCommands, withQuery } from './receiver-command.ts';

/** What `GET /admin/webhooks/{id}` answers, as far as it is needed here; null once the event is erased. */
type Details = Readonly<{
  method: string | null;
  url: string | null;
  headers: readonly (readonly [name: string, value: string])[] | null;
  body: string | null;
  body_encoding: 'utf8' | 'base64' | null;
}>;

type Line =
  | Readonly<{ event: ExportedEvent }>
  | Readonly<{ end: Readonly<{ events: number; erased: number }> }>
  | Readonly<{ error: Readonly<{ detail: string }> }>;

type Options = Place &
  Reveal &
  Readonly<{ to?: string; curl?: true; out?: string; dir?: string; cursor?: string }>;

/** `webhook-receiver export`: events as lines of JSON, files, or one as a command that sends it. */
export function addExportCommand(program: Command, env: NodeJS.ProcessEnv): void {
  const add = receiverCommands(program, env);
  add(
    'export [filter...]',
    `write whole events that fit a filter, newest first, as lines of JSON ${NEEDS_TOKEN}`,
  )
    .option('--out <file>', 'into a file; the same command goes on where it ended')
    .option('--dir <folder>', 'into a folder, a file for each event; the same command goes on where it ended')
    .option('--cursor <id>', 'go on behind this event')
    .option('--curl', 'one event, by its id, as a curl command with its bytes')
    .option('--reveal', REVEAL)
    .option('--to <url>', 'where the curl command sends it, without path; the receiver by default')
    .action((filter: readonly string[], { url, ...options }: Options) => {
      const [only] = filter;
      const isOne = options.curl === true || (filter.length === 1 && isUuid(only!));
      const asked = { url, env };
      return isOne ? exportOne(asked, only ?? '', options) : exportAll(asked, filter.join(' '), options);
    });
}

async function exportAll(asked: Asked, q: string, options: Omit<Options, 'url'>): Promise<void> {
  const { out, dir, reveal } = options;
  if (out !== undefined && dir !== undefined) throw new CommandError('give --out or --dir, not both');
  const target: Exporting =
    dir !== undefined ? await openDir(dir) : out !== undefined ? await openFile(out) : openStdout();
  const cursor = options.cursor ?? target.last ?? undefined;
  let last = cursor ?? null;
  if (target.last !== null) process.stderr.write(`going on behind ${target.last}\n`);
  try {
    for await (const line of askLines<Line>(
      asked,
      withQuery('/admin/export', { q, cursor, reveal: reveal && 'true' }),
    )) {
      if ('error' in line) throw new CommandError(printable(line.error.detail));
      if ('end' in line) {
        await target.close();
        const { events, erased } = line.end;
        process.stderr.write(`${events} events exported, ${erased} erased ones left out\n`);
        return;
      }
      await target.write(line.event);
      last = line.event.id;
    }
    throw new CommandError(`${asked.url} broke off its answer`);
  } catch (error) {
    await target.close().catch(() => {});
    const goOn = (out ?? dir) ? 'the same command goes on from there' : `--cursor ${last} goes on from there`;
    const behind = last === null ? 'before the first event' : `behind ${last}: ${goOn}`;
    throw new CommandError(`the export ended ${behind} (${error instanceof Error ? error.message : error})`);
  }
}

async function exportOne(
  asked: Asked,
  eventId: string,
  { reveal, to = asked.url }: Omit<Options, 'url'>,
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

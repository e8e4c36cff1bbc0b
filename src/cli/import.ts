import { type FileHandle, open, readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from 'commander';
import { AdminError, type Asked, askReceiver, NEEDS_TOKEN } from './ask-receiver.ts';
import { CommandError } from './command-error.ts';
import { EVENT_FILE, type ExportedEvent } from './export-target.ts';
import { type Place, receiverCommands } from './receiver-command.ts';

/** What a request brings at most. */
const BATCH = { events: 200, bytes: 4 * 1024 * 1024 };
/** How long one request may take. */
const TIMEOUT_MS = 120_000;
const FULL_PAUSE_MS = 5_000;

type Counts = Readonly<{ imported: number; known: number; key_taken: number; erased: number }>;

/** `webhook-receiver import`: events of an export into a running receiver. */
export function addImportCommand(program: Command, env: NodeJS.ProcessEnv): void {
  const add = receiverCommands(program, env);
  add('import <path>', `store the events of an export, a file or a folder, as history ${NEEDS_TOKEN}`)
    .option('--deliver', 'deliver them by the routes of the receiver')
    .action((path: string, { url, deliver = false }: Place & Readonly<{ deliver?: boolean }>) =>
      importAll({ url, env, timeoutMs: TIMEOUT_MS }, path, deliver),
    );
}

/** The oldest first: so accepted events and their deliveries have the order of their ids. */
async function importAll(asked: Asked, path: string, deliver: boolean): Promise<void> {
  const sums = { imported: 0, known: 0, key_taken: 0, erased: 0 };
  let events: ExportedEvent[] = [];
  let bytes = 0;
  const send = async () => {
    if (events.length === 0) return;
    const counts = await sendBatch(asked, events, deliver);
    for (const name of Object.keys(sums) as (keyof Counts)[]) sums[name] += counts[name];
    [events, bytes] = [[], 0];
  };
  for await (const event of readEvents(path)) {
    const size = sizeOf(event);
    if (events.length === BATCH.events || (events.length > 0 && bytes + size > BATCH.bytes)) await send();
    events.push(event);
    bytes += size;
  }
  await send();
  const { imported, known, key_taken: taken, erased } = sums;
  process.stdout.write(
    `${imported} events imported, ${known} were here, ${taken} not: their key is another event's, ${erased} not: erased here\n`,
  );
}

/** What an event with its attempts takes in a request, nearly. */
function sizeOf({ body, deliveries }: ExportedEvent): number {
  return (body?.length ?? 0) + (deliveries === undefined ? 0 : JSON.stringify(deliveries).length);
}

/** Waits while the receiver is full. What was stored before it was is known then. */
async function sendBatch(asked: Asked, events: readonly ExportedEvent[], deliver: boolean): Promise<Counts> {
  for (;;) {
    try {
      return await askReceiver<Counts>(asked, 'POST', '/admin/import', { deliver, events });
    } catch (error) {
      if (!(error instanceof AdminError) || !['queue_full', 'overloaded'].includes(error.problem?.code ?? ''))
        throw error;
      await sleep(FULL_PAUSE_MS);
    }
  }
}

async function* readEvents(path: string): AsyncGenerator<ExportedEvent> {
  const info = await stat(path).catch(() => null);
  if (info === null) throw new CommandError(`there is no file or folder ${path}`);
  if (!info.isDirectory()) {
    const file = await open(path);
    try {
      for await (const line of linesFromEnd(file)) yield readLine(path, line);
    } finally {
      await file.close();
    }
    return;
  }
  for (const name of (await readdir(path)).filter((one) => one.endsWith(EVENT_FILE)).sort()) {
    const bytes = await readFile(join(path, name));
    const end = bytes.indexOf(10);
    const event = readLine(name, bytes.subarray(0, Math.max(0, end)).toString());
    yield { ...event, body: bytes.subarray(end + 1).toString('base64'), body_encoding: 'base64' };
  }
}

function readLine(path: string, line: string): ExportedEvent {
  let event: ExportedEvent;
  try {
    event = JSON.parse(line) as ExportedEvent;
  } catch {
    throw new CommandError(`${path} is no whole export: a line is no JSON`);
  }
  if (event.revealed === true) return event;
  throw new CommandError(`${path} was exported without --reveal: it has masked values in place of bytes`);
}

const CHUNK = 256 * 1024;

/** The lines of a file from its end, where the oldest event is. Memory holds a chunk and a line. */
async function* linesFromEnd(file: FileHandle): AsyncGenerator<string> {
  let rest: Buffer[] = [];
  for (let from = (await file.stat()).size; from > 0; ) {
    const start = Math.max(0, from - CHUNK);
    const chunk = Buffer.alloc(from - start);
    await file.read(chunk, 0, chunk.length, start);
    from = start;
    let end = chunk.length;
    for (let at = chunk.lastIndexOf(10); at !== -1; at = at === 0 ? -1 : chunk.lastIndexOf(10, at - 1)) {
      const line = Buffer.concat([chunk.subarray(at + 1, end), ...rest]).toString();
      if (line !== '') yield line;
      rest = [];
      end = at;
    }
    rest = [chunk.subarray(0, end), ...rest];
  }
  const first = Buffer.concat(rest).toString();
  if (first !== '') yield first;
}

import { type FileHandle, mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { CommandError } from './command-error.ts';

/** An event as it is exported. */
export type ExportedEvent = Readonly<{
  id: string;
  body: string | null;
  body_encoding: 'utf8' | 'base64' | null;
}> &
  Readonly<Record<string, unknown>>;

/** Where an export goes. */
export type Exporting = Readonly<{
  /** The event behind which an export that was there goes on, or null. */
  last: string | null;
  write(event: ExportedEvent): Promise<void>;
  close(): Promise<void>;
}>;

/** The end of the name of an event's file: a line of JSON, and behind it the exact bytes of the body. */
export const EVENT_FILE = '.event';

export function openStdout(): Exporting {
  return {
    last: null,
    write: (event) =>
      new Promise((resolve, reject) => {
        process.stdout.write(lineOf(event), (error) => (error ? reject(error) : resolve()));
      }),
    async close() {},
  };
}

/** Goes on behind the last whole line; what follows it was torn by what ended the export. */
export async function openFile(path: string): Promise<Exporting> {
  const file = await open(path, 'a+').catch(refuse(path));
  const { end, line } = await lastLine(file);
  // A device that is always full cannot be cut.
  if (end < (await file.stat()).size) await file.truncate(end);
  const last = line === null ? null : idOf(path, line);
  return {
    last,
    async write(event) {
      await file.appendFile(lineOf(event));
    },
    async close() {
      await file.sync().finally(() => file.close());
    },
  };
}

/** A file for each event. It has its name once it is whole; the newest events are written first, so the least id is the last. */
export async function openDir(path: string): Promise<Exporting> {
  await mkdir(path, { recursive: true, mode: 0o700 }).catch(refuse(path));
  const names = (await readdir(path)).filter((name) => name.endsWith(EVENT_FILE)).sort();
  return {
    last: names[0]?.slice(0, -EVENT_FILE.length) ?? null,
    async write({ body, body_encoding: encoding, ...event }) {
      const bytes = Buffer.from(body ?? '', encoding ?? 'utf8');
      const part = join(path, `${event.id}.part`);
      const file = await open(part, 'w', 0o600);
      try {
        await file.writeFile(
          Buffer.concat([Buffer.from(lineOf({ ...event, body: null, body_encoding: null })), bytes]),
        );
        await file.sync();
      } catch (error) {
        await rm(part, { force: true });
        throw error;
      } finally {
        await file.close();
      }
      await rename(part, join(path, `${event.id}${EVENT_FILE}`));
    },
    async close() {},
  };
}

function lineOf(event: ExportedEvent): string {
  return `${JSON.stringify(event)}\n`;
}

function refuse(path: string): (error: NodeJS.ErrnoException) => never {
  return (error) => {
    throw new CommandError(`${path} cannot be written (${error.code ?? error.message})`);
  };
}

function idOf(path: string, line: string): string {
  try {
    const { id } = JSON.parse(line) as { id?: unknown };
    if (typeof id === 'string') return id;
  } catch {}
  throw new CommandError(`${path} is no export: its last line is no event`);
}

const CHUNK = 64 * 1024;

/** The last line that has its end, and where that is. */
async function lastLine(file: FileHandle): Promise<Readonly<{ end: number; line: string | null }>> {
  let tail = Buffer.alloc(0);
  for (let from = (await file.stat()).size; ; ) {
    const ends = [tail.lastIndexOf(10), -1];
    if (ends[0]! > 0) ends[1] = tail.lastIndexOf(10, ends[0]! - 1);
    if (ends[0]! >= 0 && (ends[1]! >= 0 || from === 0)) {
      return { end: from + ends[0]! + 1, line: tail.subarray(ends[1]! + 1, ends[0]!).toString() };
    }
    if (from === 0) return { end: 0, line: null };
    const start = Math.max(0, from - CHUNK);
    const chunk = Buffer.alloc(from - start);
    await file.read(chunk, 0, chunk.length, start);
    tail = Buffer.concat([chunk, tail]);
    from = start;
  }
}

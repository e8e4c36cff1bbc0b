import { createHash } from 'node:crypto';
import { type FSWatcher, watch } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { type Clock, sleep } from './clock.ts';

/** How often the files are compared in any case: notices do not come from every file system, and can be lost. */
export const POLL_MS = 5_000;
/** How long nothing may have been noticed before the files are compared: whoever writes one may be in the middle. */
export const SETTLE_MS = 200;

/**
 * Calls `onChange` after the content of any of the files has changed, appeared or gone, and waits for it. Folders are
 * watched, not files: editors and Kubernetes put a new file, or a new link, in the place of the old one.
 * @param files asked again before each comparison. A file that was not compared before counts as changed: it may have
 *   changed since it was read.
 */
export function watchFiles(
  files: () => readonly string[],
  clock: Clock,
  onChange: () => Promise<void>,
): Readonly<{ stop(): void }> {
  const stopping = new AbortController();
  const folders = new Map<string, FSWatcher | null>();
  let noticed = new AbortController();
  const notice = () => noticed.abort();

  const watchFolders = () => {
    for (const folder of new Set(files().map((file) => dirname(file)))) {
      if (!folders.has(folder)) folders.set(folder, watchFolder(folder, notice));
    }
  };
  const settle = async () => {
    await sleep(clock, POLL_MS, AbortSignal.any([noticed.signal, stopping.signal]));
    noticed = new AbortController();
    await sleep(clock, SETTLE_MS, stopping.signal);
  };
  const run = async () => {
    let known = await contentOf(files());
    while (!stopping.signal.aborted) {
      watchFolders();
      await settle();
      const content = await contentOf(files());
      const isChanged = [...content].some(([file, digest]) => known.get(file) !== digest);
      known = content;
      if (isChanged && !stopping.signal.aborted) await onChange();
    }
    for (const watcher of folders.values()) watcher?.close();
  };
  void run();
  return { stop: () => stopping.abort() };
}

/** Null where the folder cannot be watched: the poll remains. */
function watchFolder(folder: string, onNotice: () => void): FSWatcher | null {
  try {
    const watcher = watch(folder, { persistent: false }, onNotice);
    watcher.on('error', () => watcher.close());
    return watcher;
  } catch {
    return null;
  }
}

/** The digest of each file, null for one that is not there. */
async function contentOf(files: readonly string[]): Promise<ReadonlyMap<string, string | null>> {
  const digests = files.map(async (file) => [file, await digestOf(file)] as const);
  return new Map(await Promise.all(digests));
}

async function digestOf(file: string): Promise<string | null> {
  const content = await readFile(file).catch(() => null);
  return content === null ? null : createHash('sha256').update(content).digest('base64');
}

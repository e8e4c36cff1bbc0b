import { setImmediate as nextTurn } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import type { Clock } from '../../../runtime/clock.ts';
import { createSemaphore } from '../../../runtime/semaphore.ts';
import { drawn, type Html } from '../html.ts';
import { jsonTree, type TreePart } from './json-tree.ts';

/** A shorter text is drawn in a few milliseconds at most; a longer one would keep webhooks waiting. */
const IN_PLACE_CHARS = 16 * 1024;
/** How long a page waits for the tree of a long body, with those that are drawn before it. */
const DRAW_TIMEOUT_MS = 5_000;
/** Five megabytes of `[]` become 300 of arrays. */
const HEAP_MB = 512;

/**
 * Draws a JSON text as a tree, as `jsonTree` does: a long one in a thread of its own, one at a time.
 * @returns null if it is no JSON; 'undrawn' if it takes too long, or more memory than it may
 */
export type DrawTree = (text: string, part: TreePart) => Promise<Html | null | 'undrawn'>;

/** Reading 5 MiB of JSON takes up to a second, in which the main thread would acknowledge nothing. */
export function createDrawTree(clock: Clock): DrawTree {
  const turns = createSemaphore(1);
  return async (text, part) => {
    if (text.length <= IN_PLACE_CHARS) return jsonTree(text, part);
    const late = new AbortController();
    const cancel = clock.after(DRAW_TIMEOUT_MS, () => late.abort());
    try {
      const release = await turns.take(late.signal);
      return await drawInThread(text, part, late.signal).finally(release);
    } catch (error) {
      if (late.signal.aborted || (error as NodeJS.ErrnoException).code === 'ERR_WORKER_OUT_OF_MEMORY') {
        return 'undrawn';
      }
      throw error;
    } finally {
      cancel();
    }
  };
}

/** @throws when the thread fails or the signal aborts */
async function drawInThread(text: string, part: TreePart, signal: AbortSignal): Promise<Html | null> {
  // Not in the turn that has read the body: each copies megabytes.
  await nextTurn();
  signal.throwIfAborted();
  const ending = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  const thread = new Worker(new URL(`./draw-tree-thread.${ending}`, import.meta.url), {
    workerData: { text, part },
    resourceLimits: { maxOldGenerationSizeMb: HEAP_MB },
  });
  thread.unref();
  try {
    const tree = await new Promise<string | null>((resolve, reject) => {
      thread.once('message', resolve);
      thread.once('error', reject);
      thread.once('exit', () => reject(new Error('the thread ended without a tree')));
      signal.addEventListener('abort', () => reject(signal.reason), { once: true });
    });
    return tree === null ? null : drawn(tree);
  } finally {
    await thread.terminate();
  }
}

import { setTimeout as sleep } from 'node:timers/promises';
import { uuidTimeMs } from '../runtime/ids.ts';
import { AdminError, type Asked, askReceiver } from './ask-receiver.ts';
import { withQuery } from './receiver-command.ts';

/** An event that fits, as the receiver shows it. */
export type FoundEvent = Readonly<{
  id: string;
  /** Null when the event is erased. */
  idempotency_key: string | null;
  status: string;
  created_at: string;
  source: string;
  event_type: string;
  origin: string;
}>;

const EVERY_MS = 1_000;
/** What was received so long before the beginning is shown first. */
const BEFORE_SECONDS = 10;
/** An event that comes to fit later than this after its receipt is not seen. */
const WINDOW_SECONDS = 3_600;

type Page = Readonly<{ events: readonly FoundEvent[]; next: string | null }>;

/**
 * Shows events as they come to fit, oldest first, until the process is ended. It asks again and again for those of the last
 * hour since it began, since an event may come to fit later, such as by failing.
 */
export async function followEvents(
  asked: Asked,
  filter: string,
  show: (event: FoundEvent) => void,
): Promise<never> {
  const startedMs = performance.now();
  const seen = new Map<string, number>();
  for (let isLost = false; ; await sleep(EVERY_MS)) {
    const seconds = BEFORE_SECONDS + Math.ceil((performance.now() - startedMs) / 1000);
    const window = `${filter} since:${Math.min(seconds, WINDOW_SECONDS)}s`;
    try {
      const found = await newEvents(asked, window, seen);
      for (const event of found.toReversed()) show(event);
      isLost = false;
    } catch (error) {
      if (!(error instanceof AdminError) || error.problem !== null) throw error;
      if (!isLost) process.stderr.write(`${error.message}; asking again\n`);
      isLost = true;
    }
    forget(seen);
  }
}

/** Those not seen before, newest first, over as many pages as there are. */
async function newEvents(asked: Asked, filter: string, seen: Map<string, number>): Promise<FoundEvent[]> {
  const found: FoundEvent[] = [];
  let cursor: string | undefined;
  do {
    const page: Page = await askReceiver(
      asked,
      'GET',
      withQuery('/admin/events', { q: filter, limit: '500', cursor }),
    );
    for (const event of page.events) {
      if (seen.has(event.id)) continue;
      seen.set(event.id, uuidTimeMs(event.id));
      found.push(event);
    }
    cursor = page.next ?? undefined;
  } while (cursor !== undefined);
  return found;
}

/** What is older than the window by far is not asked for any more. */
function forget(seen: Map<string, number>): void {
  let newestMs = 0;
  for (const atMs of seen.values()) newestMs = Math.max(newestMs, atMs);
  for (const [id, atMs] of seen) if (atMs < newestMs - 2_000 * WINDOW_SECONDS) seen.delete(id);
}

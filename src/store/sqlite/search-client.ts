import type { Clock } from '../../runtime/clock.ts';
import type { SearchRequest, SearchSlice } from '../store.ts';
import type { ThreadClient } from './thread-client.ts';

/** Longer than the pauses of a person who searches. */
const IDLE_MS = 60_000;

type Thread = Pick<ThreadClient, 'opened' | 'call' | 'end'>;

export type SearchClientParts = Readonly<{
  /** Starts the thread. @param onDeath is called if it ends by itself, as it may for lack of memory */
  start: (onDeath: () => void) => Thread;
  clock: Clock;
}>;

/**
 * The thread for searches, since one slice takes longer than all other questions together. It starts with the first search
 * and ends after IDLE_MS without one: it takes twenty megabytes, and most inboxes are searched now and then.
 */
export function createSearchClient({ start, clock }: SearchClientParts) {
  let running: Promise<Thread> | null = null;
  let underWay = 0;
  let stopIdleTimer = () => {};

  const forget = () => {
    running = null;
    stopIdleTimer();
  };
  const open = async () => {
    const thread = start(forget);
    await thread.opened.catch((error: unknown) => {
      forget();
      throw error;
    });
    return thread;
  };
  const end = async () => {
    const ending = running;
    forget();
    await (await ending?.catch(() => null))?.end();
  };
  return {
    async slice(request: SearchRequest): Promise<SearchSlice> {
      stopIdleTimer();
      underWay += 1;
      try {
        running ??= open();
        return (await (await running).call(request)) as SearchSlice;
      } finally {
        underWay -= 1;
        if (underWay === 0 && running !== null) stopIdleTimer = clock.after(IDLE_MS, () => void end());
      }
    },
    end,
  };
}

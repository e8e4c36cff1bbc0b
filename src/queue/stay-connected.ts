import { pauseAfter } from '../runtime/backoff.ts';
import { type Clock, sleep } from '../runtime/clock.ts';
import type { Random } from '../runtime/random.ts';
import type { QueueHealth, QueueObserver } from './queue.ts';

export const FIRST_PAUSE_MS = 100;
export const LONGEST_PAUSE_MS = 5_000;

export type LinkParts<Connection> = Readonly<{
  /**
   * Makes a connection. It calls `lost` when the connection ends or is no longer usable, and rejects soon after
   * `stopping` aborts.
   */
  open: (lost: (error: Error) => void, stopping: AbortSignal) => Promise<Connection>;
  /** Must not reject, whatever state the connection is in. */
  close: (connection: Connection) => Promise<void>;
  onUp: (connection: Connection) => void;
  onDown: () => void;
  clock: Clock;
  random: Random;
  observer: QueueObserver;
}>;

export type Link<Connection> = Readonly<{
  /** The connection while there is one. */
  current(): Connection | null;
  health(): QueueHealth;
  /** Ends the connection and does not reconnect. */
  close(): Promise<void>;
}>;

/**
 * Keeps a connection to the broker.
 *
 * States: *down* (connecting, or pausing before the next attempt) and *up* (`current` is a connection). `onUp` and
 * `onDown` alternate, and `current` is never a connection that was reported as lost. A failed attempt is followed by a
 * pause that grows to LONGEST_PAUSE_MS; a connection that lasted longer than that resets the pause. One connection is
 * closed before the next is made. After `close` there are no more attempts.
 */
export function stayConnected<Connection>(parts: LinkParts<Connection>): Link<Connection> {
  const { clock, observer } = parts;
  const stopping = new AbortController();
  const stopped = new Promise<void>((resolve) => stopping.signal.addEventListener('abort', () => resolve()));
  let current: Connection | null = null;
  let health: QueueHealth = { state: 'down', sinceMs: clock.nowMs() };
  const change = (state: QueueHealth['state']) => {
    if (health.state !== state) health = { state, sinceMs: clock.nowMs() };
  };

  /** Makes one connection and waits until it ends. */
  const live = async () => {
    const end = Promise.withResolvers<Error>();
    const connection = await parts.open(end.resolve, stopping.signal);
    if (!stopping.signal.aborted) {
      current = connection;
      change('up');
      parts.onUp(connection);
      observer.onHealthy?.();
      const error = await Promise.race([end.promise, stopped]);
      current = null;
      change('down');
      parts.onDown();
      if (error instanceof Error && !stopping.signal.aborted) observer.onTrouble?.(error);
    }
    await parts.close(connection);
  };
  const run = async () => {
    for (let attempt = 0; !stopping.signal.aborted; attempt += 1) {
      const startedMs = clock.nowMs();
      try {
        await live();
      } catch (error) {
        if (!stopping.signal.aborted) observer.onTrouble?.(error as Error);
      }
      // A connection that lasted is not a failed attempt, but one that ends at once must not be made in a tight loop.
      if (clock.nowMs() - startedMs > LONGEST_PAUSE_MS) attempt = 0;
      await sleep(clock, pauseBefore(attempt, parts.random), stopping.signal);
    }
  };
  const ended = run();

  return {
    current: () => current,
    health: () => health,
    async close() {
      stopping.abort();
      await ended;
    },
  };
}

/** Doubles with each attempt; random down to its half, so that many processes do not reconnect at once. */
export function pauseBefore(attempt: number, random: Random): number {
  const longest = pauseAfter(attempt + 1, FIRST_PAUSE_MS, LONGEST_PAUSE_MS);
  return Math.round(longest * (0.5 + random.next() / 2));
}

import { type Clock, sleep } from '../runtime/clock.ts';
import type { Random } from '../runtime/random.ts';
import type { QueueHealth, QueueObserver } from './queue.ts';

export const FIRST_PAUSE_MS = 100;
export const LONGEST_PAUSE_MS = 5_000;

export type LinkParts<Connection> = Readonly<{
  /** Makes a connection; it calls `lost` once when that ends or is of no use any more. */
  open: (lost: (error: Error) => void) => Promise<Connection>;
  /** Must not throw, whatever state the connection is in. */
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
  /** Connects no more, and ends the connection. */
  close(): Promise<void>;
}>;

/** Keeps a connection to the broker: makes a new one, after a pause that grows, whenever the last is lost. */
export function stayConnected<Connection>(parts: LinkParts<Connection>): Link<Connection> {
  const { clock, observer } = parts;
  const stopping = new AbortController();
  const stopped = new Promise<void>((resolve) => stopping.signal.addEventListener('abort', () => resolve()));
  let current: Connection | null = null;
  let health: QueueHealth = { state: 'down', sinceMs: clock.nowMs() };
  const change = (state: QueueHealth['state']) => {
    if (health.state !== state) health = { state, sinceMs: clock.nowMs() };
  };

  /** One connection from its start to its end. */
  const live = async () => {
    const end = Promise.withResolvers<Error>();
    const connection = await parts.open(end.resolve);
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
      // A connection that held is no failed attempt; one that ends at once must not be made in a tight loop.
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

/** Doubled with each attempt and halved at most by chance, so that many processes do not come back at once. */
export function pauseBefore(attempt: number, random: Random): number {
  const longest = Math.min(FIRST_PAUSE_MS * 2 ** Math.min(attempt, 16), LONGEST_PAUSE_MS);
  return Math.round(longest * (0.5 + random.next() / 2));
}

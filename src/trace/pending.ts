import { type Clock, sleep } from '../runtime/clock.ts';

/** What is recorded once something has been read. */
export type Pending = Readonly<{
  /** A trace must not fail what it is about: a store that fails costs the span. */
  add(record: Promise<unknown>): void;
  /** Waits for all of it, no longer than `withinMs`. */
  settle(withinMs: number): Promise<void>;
}>;

export function createPending(clock: Pick<Clock, 'nowMs' | 'after'>): Pending {
  const open = new Set<Promise<void>>();
  return {
    add(record) {
      const ended: Promise<void> = record.then(
        () => void open.delete(ended),
        () => void open.delete(ended),
      );
      open.add(ended);
    },
    async settle(withinMs) {
      if (open.size === 0) return;
      const isOver = new AbortController();
      const settled = Promise.all(open).finally(() => isOver.abort());
      await Promise.race([settled, sleep(clock as Clock, withinMs, isOver.signal)]);
    },
  };
}

import type { Emit } from '../events.ts';
import type { Queue, QueueEntry } from '../queue/queue.ts';
import type { Clock } from '../runtime/clock.ts';

export type Publisher = Readonly<{
  /** Publishes soon, in one batch with other entries. Never waits and never fails: the sweep publishes lost entries. */
  publish(entries: readonly QueueEntry[]): void;
  /** Publishes once a retry is due. */
  publishAt(entry: QueueEntry, dueAtMs: number): void;
  /** Drops entries that are due later, and resolves when all others are published. */
  stop(): Promise<void>;
}>;

/** Entries that one call of the broker carries. */
const MAX_BATCH = 1_000;
/** Entries that wait for the call under way; further ones are left to the sweep. */
const MAX_GATHERED = 20_000;
/** Retries that are planned in memory; further ones are left to the sweep. */
const MAX_PLANNED = 10_000;

/** Publishes after the store's commit, so no delivery depends on it: the sweep finds dropped entries. */
export function createPublisher(
  parts: Readonly<{
    queue: Pick<Queue, 'publish'>;
    clock: Clock;
    emit: Emit;
    /** Nothing is published for a destination that gets no deliveries; the sweep does it later. */
    isClosed?: (destination: string) => boolean;
  }>,
): Publisher {
  const { queue, clock, emit, isClosed = () => false } = parts;
  const planned = new Map<string, () => void>();
  let gathered: QueueEntry[] = [];
  let sending: Promise<void> | null = null;

  const report = (published: number, dropped: number) =>
    emit({ type: 'queue.published', published, dropped });
  const send = async () => {
    // Entries of one pass of the event loop share a call.
    await new Promise((resolve) => setImmediate(resolve));
    while (gathered.length > 0) {
      const batch = gathered.slice(0, MAX_BATCH);
      gathered = gathered.slice(MAX_BATCH);
      const { published, dropped } = await queue.publish(batch);
      report(published, dropped);
    }
    sending = null;
  };
  const publish = (all: readonly QueueEntry[]) => {
    const entries = all.filter(({ destination }) => !isClosed(destination));
    const room = MAX_GATHERED - gathered.length;
    gathered.push(...entries.slice(0, room));
    if (entries.length > room) report(0, entries.length - room);
    if (gathered.length > 0) sending ??= send();
  };

  return {
    publish,
    publishAt({ destination, deliveryId }, dueAtMs) {
      planned.get(deliveryId)?.();
      planned.delete(deliveryId);
      if (planned.size >= MAX_PLANNED) return;
      const cancel = clock.after(dueAtMs - clock.nowMs(), () => {
        planned.delete(deliveryId);
        publish([{ destination, deliveryId }]);
      });
      planned.set(deliveryId, cancel);
    },
    async stop() {
      for (const cancel of planned.values()) cancel();
      planned.clear();
      await sending;
    },
  };
}

import type { Emit } from '../events.ts';
import type { Queue, QueueEntry } from '../queue/queue.ts';
import type { Clock } from '../runtime/clock.ts';

export type Publisher = Readonly<{
  /** Publishes soon, together with what else comes meanwhile. Never waits, never fails: the sweep heals. */
  publish(entries: readonly QueueEntry[]): void;
  /** Publishes when a retry is due. */
  publishAt(entry: QueueEntry, dueAtMs: number): void;
  /** Publishes nothing more but what has been asked for, and forgets what is due later. */
  stop(): Promise<void>;
}>;

/** Entries that one call of the broker carries. */
const MAX_BATCH = 1_000;
/** Entries that wait for the call under way; what is beyond is left to the sweep. */
const MAX_GATHERED = 20_000;
/** Retries that are planned in memory; what is beyond is left to the sweep. */
const MAX_PLANNED = 10_000;

/** Publishes after the store's commit, so nothing depends on it: what is dropped is found by the sweep. */
export function createPublisher(
  parts: Readonly<{ queue: Pick<Queue, 'publish'>; clock: Clock; emit: Emit }>,
): Publisher {
  const { queue, clock, emit } = parts;
  const planned = new Map<string, () => void>();
  let gathered: QueueEntry[] = [];
  let sending: Promise<void> | null = null;

  const tell = (published: number, dropped: number) => emit({ type: 'queue.published', published, dropped });
  const send = async () => {
    // What one turn of the event loop accepts shares a call.
    await new Promise((resolve) => setImmediate(resolve));
    while (gathered.length > 0) {
      const batch = gathered.slice(0, MAX_BATCH);
      gathered = gathered.slice(MAX_BATCH);
      const { published, dropped } = await queue.publish(batch);
      tell(published, dropped);
    }
    sending = null;
  };
  const publish = (entries: readonly QueueEntry[]) => {
    const room = MAX_GATHERED - gathered.length;
    gathered.push(...entries.slice(0, room));
    if (entries.length > room) tell(0, entries.length - room);
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

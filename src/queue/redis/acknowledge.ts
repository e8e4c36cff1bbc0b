import type { RedisConnection } from './connection.ts';
import { fieldsOf, type Held } from './entries.ts';
import { GROUP } from './keys.ts';

/** Most entries that one transaction acks. */
const MAX_BATCH = 500;

/**
 * Acks entries in batches: those of one iteration of the event loop share a round trip. XACK and XDEL are one
 * transaction, because an entry that is acked but not deleted would stay in the stream for ever.
 * @param current the connection while there is one; without it nothing is acked, and the entries are taken over from
 *   this process once it counts as dead
 */
export function createAcknowledge(
  keyOf: (destination: string) => string,
  current: () => RedisConnection | null,
) {
  type Waiting = Readonly<{ held: Held; done: () => void }>;
  let waiting: Waiting[] = [];
  const underWay = new Set<Promise<void>>();
  const watch = (promise: Promise<void>): Promise<void> => {
    underWay.add(promise);
    return promise.finally(() => underWay.delete(promise));
  };
  const release = async (destination: string, entries: readonly Held[]) => {
    const key = keyOf(destination);
    try {
      await current()?.run((client) => {
        const ids = entries.map(({ entryId }) => entryId);
        const transaction = client.multi().xAck(key, GROUP, ids).xDel(key, ids);
        for (const { deliveryId, publishedAtMs } of entries) {
          transaction.xAdd(key, '*', fieldsOf(deliveryId, publishedAtMs));
        }
        return transaction.exec();
      });
    } catch {
      // Other processes take them over once this one counts as dead.
    }
  };

  const flush = () => {
    const batch = waiting;
    waiting = [];
    for (const [destination, group] of Map.groupBy(batch, ({ held }) => held.destination)) {
      for (let start = 0; start < group.length; start += MAX_BATCH) {
        void end(destination, group.slice(start, start + MAX_BATCH));
      }
    }
  };
  const end = async (destination: string, group: readonly Waiting[]) => {
    const connection = current();
    const key = keyOf(destination);
    const ids = group.map(({ held }) => held.entryId);
    try {
      await connection?.run((client) => client.multi().xAck(key, GROUP, ids).xDel(key, ids).exec());
    } catch {
      // The entries are delivered again, and then there is nothing to claim.
    }
    for (const { done } of group) done();
  };

  return {
    ack: (held: Held): Promise<void> =>
      watch(
        new Promise((done) => {
          if (waiting.push({ held, done }) === 1) setImmediate(flush);
        }),
      ),
    /** Adds the entries to the end of their stream again: Redis cannot give an entry back. */
    release: (destination: string, entries: readonly Held[]): Promise<void> =>
      watch(release(destination, entries)),
    /** Resolves when every ack and release so far is done or has failed. */
    async drain(): Promise<void> {
      await Promise.all(underWay);
    },
  };
}

import type { Clock } from '../../runtime/clock.ts';
import { MAX_WAITING, type PublishOutcome, type QueueEntry } from '../queue.ts';
import type { RedisConnection } from './connection.ts';
import { fieldsOf } from './entries.ts';

/** Adds entries to their streams with one round trip for a batch, and keeps each stream within MAX_WAITING. */
export function createPublish(keyOf: (destination: string) => string, clock: Clock) {
  // Stream lengths as of the last publish: each batch asks for them again.
  const lengths = new Map<string, number>();

  const add = async (
    connection: RedisConnection,
    destination: string,
    entries: readonly QueueEntry[],
  ): Promise<number> => {
    const room = Math.max(0, MAX_WAITING - (lengths.get(destination) ?? 0));
    const fitting = entries.slice(0, room);
    const key = keyOf(destination);
    const nowMs = clock.nowMs();
    return connection.run(async (client) => {
      const adds = fitting.map(({ deliveryId }) => client.xAdd(key, '*', fieldsOf(deliveryId, nowMs)));
      const length = client.xLen(key).then((value) => lengths.set(destination, value));
      const [added] = await Promise.all([Promise.allSettled(adds), length]);
      return added.filter(({ status }) => status === 'fulfilled').length;
    });
  };

  return async (connection: RedisConnection, entries: readonly QueueEntry[]): Promise<PublishOutcome> => {
    const groups = Map.groupBy(entries, ({ destination }) => destination);
    const outcomes = await Promise.allSettled(
      [...groups].map(([destination, group]) => add(connection, destination, group)),
    );
    const published = outcomes.reduce(
      (sum, outcome) => (outcome.status === 'fulfilled' ? sum + outcome.value : sum),
      0,
    );
    return { published, dropped: entries.length - published };
  };
}

import type { Clock } from '../../runtime/clock.ts';
import { MAX_WAITING, type PublishOutcome, type QueueEntry } from '../queue.ts';
import type { RedisConnection } from './connection.ts';
import { fieldsOf } from './entries.ts';
import { isRefusal, refused } from './refusal.ts';

/** Adds entries to their streams with one round trip for a batch, and keeps each stream within MAX_WAITING. */
export function createPublish(keyOf: (destination: string) => string, clock: Clock) {
  // Stream lengths as of the last publish: each batch asks for them again.
  const lengths = new Map<string, number>();

  /** @returns how many the server took, and the first error of the others */
  const add = async (connection: RedisConnection, destination: string, entries: readonly QueueEntry[]) => {
    const room = Math.max(0, MAX_WAITING - (lengths.get(destination) ?? 0));
    const fitting = entries.slice(0, room);
    const key = keyOf(destination);
    const nowMs = clock.nowMs();
    return connection.run(async (client) => {
      const adds = fitting.map(({ deliveryId }) => client.xAdd(key, '*', fieldsOf(deliveryId, nowMs)));
      const length = client.xLen(key).then((value) => lengths.set(destination, value));
      const [added] = await Promise.all([Promise.allSettled(adds), length]);
      const failed = added.find((result) => result.status === 'rejected');
      const published = added.filter(({ status }) => status === 'fulfilled').length;
      return { published, error: failed?.reason as unknown };
    });
  };

  return async (connection: RedisConnection, entries: readonly QueueEntry[]): Promise<PublishOutcome> => {
    const groups = [...Map.groupBy(entries, ({ destination }) => destination)];
    const outcomes = await Promise.all(
      groups.map(([destination, group]) =>
        add(connection, destination, group).catch((error: unknown) => ({ published: 0, error })),
      ),
    );
    const refusal = outcomes.map(({ error }) => error).find(isRefusal);
    if (refusal !== undefined) connection.giveUp(refused(refusal));
    const published = outcomes.reduce((sum, outcome) => sum + outcome.published, 0);
    return { published, dropped: entries.length - published };
  };
}

import type { Arrived } from '../arrived.ts';
import type { QueueMessage } from '../queue.ts';
import type { Arrivals } from './await-arrivals.ts';
import { isReply } from './client.ts';
import type { RedisConnection } from './connection.ts';
import type { Holdings } from './holdings.ts';
import { GROUP } from './keys.ts';

export type TakeParts = Readonly<{
  keyOf: (destination: string) => string;
  consumer: string;
  arrived: Pick<Arrived, 'takeUpTo'>;
  holdings: Pick<Holdings, 'add'>;
  /** Nothing of such a destination is read. */
  isHeld: (destination: string) => boolean;
  /** The connection while there is one. */
  current: () => Taking | null;
}>;

type Taking = Pick<RedisConnection, 'run' | 'makeGroups'> & Readonly<{ arrivals: Arrivals }>;

/**
 * Takes messages: first those that a blocking read or a takeover brought, else new ones of the stream. When there are
 * none, the destination is watched until an entry arrives.
 */
export function createTake({ keyOf, consumer, arrived, holdings, isHeld, current }: TakeParts) {
  const readNew = async (connection: Taking, destination: string, limit: number) => {
    const key = keyOf(destination);
    const read = () =>
      connection.run((client) => client.xReadGroup(GROUP, consumer, { key, id: '>' }, { COUNT: limit }));
    const replies = await read().catch(async (error: unknown) => {
      if (!isReply(error, 'NOGROUP')) throw error;
      await connection.makeGroups([key]);
      return read();
    });
    return holdings.add(destination, replies?.[0]?.messages ?? []);
  };

  return async (destination: string, limit: number): Promise<readonly QueueMessage[]> => {
    const connection = current();
    if (connection === null || isHeld(destination)) return [];
    const here = arrived.takeUpTo(destination, limit);
    if (here.length > 0) return here;
    // A server that cannot answer has none: the watch announces the next entry, or finds that the connection has ended.
    const messages = await readNew(connection, destination, limit).catch(() => []);
    if (isHeld(destination)) {
      // Meanwhile.
      for (const message of messages) void message.release();
      return [];
    }
    if (messages.length === 0) current()?.arrivals.watch(destination);
    return messages;
  };
}

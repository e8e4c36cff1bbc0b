import type { QueueDepth } from '../queue.ts';
import { isReply } from './client.ts';
import type { RedisConnection } from './connection.ts';
import { GROUP } from './keys.ts';

/** Reads two counters of the server: an entry is in its stream until it is acked, and pending once it is taken. */
export async function readDepth(
  { run }: RedisConnection,
  key: string,
  destination: string,
): Promise<QueueDepth> {
  const [length, unacknowledged] = await run((client) =>
    Promise.all([client.xLen(key), client.xPending(key, GROUP).then(({ pending }) => pending, noGroup)]),
  );
  return { destination, waiting: Math.max(0, length - unacknowledged), unacknowledged };
}

function noGroup(error: unknown): number {
  if (isReply(error, 'NOGROUP')) return 0;
  throw error;
}

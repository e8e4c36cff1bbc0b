import type { Queue, QueueOptions } from './queue.ts';
import { openRabbitQueue } from './rabbitmq/open.ts';
import { openRedisQueue } from './redis/open.ts';

/** The parameter of the URL that sets inboxes apart which share a broker. */
const PREFIX_PARAMETER = 'prefix';
const DEFAULT_PREFIX = 'webhooks';

/**
 * Opens the queue that the URL asks for; without one there is none, and deliveries are claimed from the store. It
 * connects by itself: a broker that is away keeps nobody from starting. The only place, tests aside, that knows the
 * drivers.
 */
export function openQueue(url: string | null, options: QueueOptions): Queue | null {
  if (url === null) return null;
  const parsed = new URL(url);
  const prefix = parsed.searchParams.get(PREFIX_PARAMETER) ?? DEFAULT_PREFIX;
  parsed.searchParams.delete(PREFIX_PARAMETER);
  const driverOptions = { ...options, url: parsed.href, prefix };
  return /^rediss?:$/.test(parsed.protocol) ? openRedisQueue(driverOptions) : openRabbitQueue(driverOptions);
}

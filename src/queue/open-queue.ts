import type { Queue, QueueOptions } from './queue.ts';
import { openRabbitQueue } from './rabbitmq/open.ts';
import { openRedisQueue } from './redis/open.ts';

/** The URL's parameter that keeps inboxes on one broker apart. */
const PREFIX_PARAMETER = 'prefix';
const DEFAULT_PREFIX = 'webhooks';

/**
 * Opens the queue that the URL asks for. It connects in the background, so the receiver starts while the broker is
 * away. Tests aside, this is the only place that knows the drivers.
 * @param url redis:, rediss:, amqp: or amqps:, checked by the configuration
 */
export function openQueue(url: string, options: QueueOptions): Queue {
  const parsed = new URL(url);
  const prefix = parsed.searchParams.get(PREFIX_PARAMETER) ?? DEFAULT_PREFIX;
  parsed.searchParams.delete(PREFIX_PARAMETER);
  const driverOptions = { ...options, url: parsed.href, prefix };
  return /^rediss?:$/.test(parsed.protocol) ? openRedisQueue(driverOptions) : openRabbitQueue(driverOptions);
}

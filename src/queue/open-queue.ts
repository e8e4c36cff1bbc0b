import type { Queue, QueueOptions } from './queue.ts';

/** The URL's parameter that keeps inboxes on one broker apart. */
const PREFIX_PARAMETER = 'prefix';
const DEFAULT_PREFIX = 'webhooks';

/** Opens a connection with the broker in the background, so the receiver starts while the broker is away. */
export type OpenQueue = (options: QueueOptions) => Queue;

/**
 * Loads the driver that the URL asks for, and no other: their libraries take tens of megabytes. Tests aside, this is the
 * only place that knows the drivers.
 * @param url redis:, rediss:, amqp: or amqps:, checked by the configuration
 */
export async function loadQueue(url: string): Promise<OpenQueue> {
  const parsed = new URL(url);
  const prefix = parsed.searchParams.get(PREFIX_PARAMETER) ?? DEFAULT_PREFIX;
  parsed.searchParams.delete(PREFIX_PARAMETER);
  const place = { url: parsed.href, prefix };
  if (/^rediss?:$/.test(parsed.protocol)) {
    const { openRedisQueue } = await import('./redis/open.ts');
    return (options) => openRedisQueue({ ...options, ...place });
  }
  const { openRabbitQueue } = await import('./rabbitmq/open.ts');
  return (options) => openRabbitQueue({ ...options, ...place });
}

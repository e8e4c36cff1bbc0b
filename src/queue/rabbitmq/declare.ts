import type { Channel, Replies } from 'amqplib';
import { MAX_WAITING } from '../queue.ts';

export function queueName(prefix: string, destination: string): string {
  return `${prefix}.${destination}`;
}

/**
 * Declares a destination's queue, and so learns how many messages wait in it. Replicated, because a broker's node may
 * die; bounded by refusing what is new, because what is old has waited longer.
 */
export function declareQueue(channel: Channel, name: string): Promise<Replies.AssertQueue> {
  return channel.assertQueue(name, {
    durable: true,
    arguments: { 'x-queue-type': 'quorum', 'x-max-length': MAX_WAITING, 'x-overflow': 'reject-publish' },
  });
}

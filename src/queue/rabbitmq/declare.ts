import type { Channel, Replies } from 'amqplib';
import { MAX_WAITING } from '../queue.ts';

export function queueName(prefix: string, destination: string): string {
  return `${prefix}.${destination}`;
}

/**
 * Declares a destination's queue; the reply has the number of messages that wait in it. A quorum queue, because it
 * survives the loss of a broker's node. At its bound it refuses new messages, because old ones have waited longer.
 */
export function declareQueue(channel: Channel, name: string): Promise<Replies.AssertQueue> {
  return channel.assertQueue(name, {
    durable: true,
    arguments: { 'x-queue-type': 'quorum', 'x-max-length': MAX_WAITING, 'x-overflow': 'reject-publish' },
  });
}

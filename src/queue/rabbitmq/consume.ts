import type { ConsumeMessage } from 'amqplib';
import type { QueueMessage } from '../queue.ts';
import type { RabbitConnection } from './connection.ts';
import { fromContent } from './content.ts';
import { declareQueue } from './declare.ts';

export type ConsumeParts = Readonly<{
  connection: RabbitConnection;
  destination: string;
  name: string;
  /** Most unacknowledged messages that the broker delivers to this process: what it can work on at once. */
  prefetch: number;
  onMessage: (message: QueueMessage) => void;
  /** Called with each change of the number of messages that are held: delivered, and neither acked nor released. */
  onHeld: (change: 1 | -1) => void;
}>;

/** Consumes a destination's queue. When the broker cancels the consumer because the queue was deleted, starts again. */
export async function consume(parts: ConsumeParts): Promise<void> {
  const { connection, destination, name, prefetch, onHeld } = parts;
  const { taking, lost } = connection;

  const toMessage = (raw: ConsumeMessage): QueueMessage | null => {
    const content = fromContent(raw.content);
    if (content === null) return null;
    let isOpen = true;
    const end = (how: () => void) => async () => {
      if (!isOpen) return;
      isOpen = false;
      onHeld(-1);
      try {
        how();
      } catch {
        // The channel has ended, so the broker has taken the message back.
      }
    };
    return {
      destination,
      ...content,
      ack: end(() => taking.ack(raw)),
      release: end(() => taking.nack(raw, false, true)),
    };
  };
  const receive = (raw: ConsumeMessage | null) => {
    if (raw === null) {
      start().catch(lost);
      return;
    }
    const message = toMessage(raw);
    if (message === null) {
      taking.ack(raw);
      return;
    }
    onHeld(1);
    parts.onMessage(message);
  };
  /** Sent in order on one channel, so `prefetch` applies to this consumer alone. */
  const start = async () => {
    await Promise.all([
      declareQueue(taking, name),
      ...(prefetch > 0 ? [taking.prefetch(prefetch), taking.consume(name, receive)] : []),
    ]);
  };
  await start();
}

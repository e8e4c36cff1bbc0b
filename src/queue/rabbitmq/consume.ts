import type { ConsumeMessage } from 'amqplib';
import type { QueueMessage } from '../queue.ts';
import type { RabbitConnection } from './connection.ts';
import { fromContent } from './content.ts';
import { declareQueue } from './declare.ts';

export type ConsumeParts = Readonly<{
  connection: RabbitConnection;
  destination: string;
  name: string;
  /** Most messages that the broker hands over before some are acked: what this process can work on. */
  prefetch: number;
  onMessage: (message: QueueMessage) => void;
  /** How many of the destination are held: handed over, and neither acked nor given back. */
  onHeld: (change: 1 | -1) => void;
}>;

/** Has a destination's messages handed over, and goes on when its queue is deleted and made anew. */
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
        // The channel has ended: the broker has taken it back.
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
  /** The three follow each other on the channel, so the bound is that of this consumer alone. */
  const start = async () => {
    await Promise.all([
      declareQueue(taking, name),
      ...(prefetch > 0 ? [taking.prefetch(prefetch), taking.consume(name, receive)] : []),
    ]);
  };
  await start();
}

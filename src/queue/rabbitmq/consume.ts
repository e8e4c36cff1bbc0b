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

/** The consumer of a destination's queue, on one connection. */
export type Consumer = Readonly<{
  /** Cancels it: the broker delivers nothing more, and what comes meanwhile goes back. */
  hold(): void;
  /** Consumes again. */
  resume(): void;
}>;

/**
 * Consumes a destination's queue. When the broker cancels the consumer because the queue was deleted, starts again.
 * @param isHeld whether it begins held: the queue is declared, and not consumed
 */
export async function consume(parts: ConsumeParts, isHeld: boolean): Promise<Consumer> {
  const { connection, name, prefetch } = parts;
  const { taking, lost } = connection;
  const toMessage = createToMessage(parts);
  let isWanted = !isHeld;
  let tag: string | null = null;
  let cancellations = 0;
  let adjusting: Promise<void> | null = null;

  const receive = (raw: ConsumeMessage | null) => {
    if (raw === null) {
      tag = null;
      cancellations += 1;
      adjust();
      return;
    }
    const message = toMessage(raw);
    if (message === null) taking.ack(raw);
    else if (isWanted) parts.onMessage(message);
    else void message.release();
  };
  /** Sent in order on one channel, so `prefetch` applies to this consumer alone. */
  const start = async () => {
    const before = cancellations;
    const [, , { consumerTag }] = await Promise.all([
      declareQueue(taking, name),
      taking.prefetch(prefetch),
      taking.consume(name, receive),
    ]);
    if (cancellations === before) tag = consumerTag;
  };
  const cancel = async (cancelled: string) => {
    tag = null;
    await taking.cancel(cancelled);
  };
  const adjustAll = async () => {
    while (isWanted !== (tag !== null)) await (tag === null ? start() : cancel(tag));
  };
  /** One change at a time; what is wanted in the end counts. */
  const adjust = () => {
    if (prefetch === 0) return;
    adjusting ??= adjustAll().finally(() => {
      adjusting = null;
    });
    adjusting.catch(lost);
  };
  if (isWanted && prefetch > 0) await start();
  else await declareQueue(taking, name);
  return {
    hold() {
      isWanted = false;
      adjust();
    },
    resume() {
      isWanted = true;
      adjust();
    },
  };
}

function createToMessage({ connection: { taking }, destination, onHeld }: ConsumeParts) {
  return (raw: ConsumeMessage): QueueMessage | null => {
    const content = fromContent(raw.content);
    if (content === null) return null;
    let isOpen = true;
    onHeld(1);
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
}

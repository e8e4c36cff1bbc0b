import type { Clock } from '../../runtime/clock.ts';
import { ANSWER_TIMEOUT_MS, type PublishOutcome, type QueueEntry } from '../queue.ts';
import { cutConnection, type RabbitConnection } from './connection.ts';
import { toContent } from './content.ts';
import { declareQueue } from './declare.ts';

export type Publish = (entries: readonly QueueEntry[]) => Promise<PublishOutcome>;

/** Publishes on one connection. An entry counts as published once the broker has confirmed it. */
export function createPublish(
  connection: RabbitConnection,
  nameOf: (destination: string) => string,
  clock: Clock,
): Publish {
  const { publishing, taking, lost } = connection;
  /** Messages that came back, with the declaration of their queue, which was deleted. */
  const returned = new Map<string, Promise<unknown>>();
  const declaring = new Map<string, Promise<unknown>>();
  let numbers = 0;

  const declareOnce = (name: string): Promise<unknown> => {
    const underWay = declaring.get(name);
    if (underWay !== undefined) return underWay;
    const declared = declareQueue(taking, name).catch(lost);
    declaring.set(name, declared);
    return declared.finally(() => declaring.delete(name));
  };
  // The broker returns an unroutable message before it confirms it.
  publishing.on('return', ({ properties, fields }) => {
    returned.set(String(properties.correlationId), declareOnce(fields.routingKey));
  });

  const sendOnce = (entry: QueueEntry): Promise<boolean | 'returned'> =>
    new Promise((resolve) => {
      const correlationId = String(++numbers);
      const options = { persistent: true, mandatory: true, correlationId };
      const content = toContent(entry, clock.nowMs());
      const onConfirm = (error: unknown) => {
        const declared = returned.get(correlationId);
        returned.delete(correlationId);
        if (declared === undefined) resolve(!error);
        else void declared.then(() => resolve('returned'));
      };
      try {
        publishing.sendToQueue(nameOf(entry.destination), content, options, onConfirm);
      } catch {
        // The channel has ended.
        resolve(false);
      }
    });
  /** A message that came back is sent again now that its queue is declared, else it would wait for the sweep. */
  const send = async (entry: QueueEntry): Promise<boolean> => {
    const result = await sendOnce(entry);
    return (result === 'returned' ? await sendOnce(entry) : result) === true;
  };

  return async (entries) => {
    const stopTimer = clock.after(ANSWER_TIMEOUT_MS, () => {
      lost(new Error(`RabbitMQ did not confirm within ${ANSWER_TIMEOUT_MS} ms`));
      // Rejects what waits for a confirmation.
      cutConnection(connection);
    });
    const confirmed = await Promise.all(entries.map(send));
    stopTimer();
    const published = confirmed.filter((one) => one).length;
    return { published, dropped: entries.length - published };
  };
}

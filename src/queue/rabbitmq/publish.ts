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
  const unroutable = new Set<string>();
  let numbers = 0;

  // A queue was deleted: the broker returns an unroutable message before it confirms it.
  publishing.on('return', ({ properties, fields }) => {
    unroutable.add(String(properties.correlationId));
    declareQueue(taking, fields.routingKey).catch(lost);
  });

  const send = (entry: QueueEntry): Promise<boolean> =>
    new Promise((resolve) => {
      const correlationId = String(++numbers);
      const options = { persistent: true, mandatory: true, correlationId };
      const content = toContent(entry, clock.nowMs());
      try {
        publishing.sendToQueue(nameOf(entry.destination), content, options, (error) => {
          resolve(!unroutable.delete(correlationId) && !error);
        });
      } catch {
        // The channel has ended.
        resolve(false);
      }
    });

  return async (entries) => {
    if (connection.isBlocked()) return { published: 0, dropped: entries.length };
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

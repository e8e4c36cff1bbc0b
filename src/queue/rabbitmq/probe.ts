import { type Clock, sleep } from '../../runtime/clock.ts';
import { ANSWER_TIMEOUT_MS } from '../queue.ts';
import { cutConnection, type RabbitConnection } from './connection.ts';

/** Pause between probes, which bounds how long a process that publishes nothing takes a refusing broker for a healthy one. */
const PROBE_PAUSE_MS = 1_000;

/**
 * Publishes a message that goes nowhere and waits for its confirmation, which proves that the broker takes messages.
 * While the broker blocks the connection, this waits for the end of the alarm; else at most ANSWER_TIMEOUT_MS.
 * @param routingKey one that no queue has
 * @throws when the connection ends, is given up, or may not publish
 */
export async function probe(connection: RabbitConnection, routingKey: string, clock: Clock): Promise<void> {
  const stopTimer = clock.after(ANSWER_TIMEOUT_MS, () => {
    if (!connection.isBlocked()) cutConnection(connection);
  });
  try {
    await new Promise<void>((resolve, reject) => {
      connection.publishing.publish('', routingKey, Buffer.alloc(0), {}, (error: unknown) => {
        if (error) reject(error);
        else resolve();
      });
    });
  } finally {
    stopTimer();
  }
}

/** Probes until the connection ends. A broker that blocks a connection says so only to one that publishes. */
export async function keepProbing(
  connection: RabbitConnection,
  routingKey: string,
  clock: Clock,
  ended: AbortSignal,
): Promise<void> {
  while (!ended.aborted) {
    await sleep(clock, PROBE_PAUSE_MS, ended);
    if (!ended.aborted) await probe(connection, routingKey, clock);
  }
}

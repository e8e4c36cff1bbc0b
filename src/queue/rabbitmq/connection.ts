import type { Socket } from 'node:net';
import { type Channel, type ChannelModel, type ConfirmChannel, connect } from 'amqplib';
import { type Clock, sleep } from '../../runtime/clock.ts';
import { ANSWER_TIMEOUT_MS } from '../queue.ts';

/** A connection that is silent for two heartbeats is lost. */
const HEARTBEAT_SECONDS = 5;

/** A channel for each direction, so that neither waits for the other. */
export type RabbitConnection = Readonly<{
  model: ChannelModel;
  /** Declares, consumes and acknowledges. */
  taking: Channel;
  publishing: ConfirmChannel;
  /** The broker has a memory or disk alarm: it reads nothing from this connection until the alarm ends. */
  isBlocked(): boolean;
  lost: (error: Error) => void;
}>;

/**
 * Opens a connection and its channels.
 * @param lost is called when the connection or a channel ends
 * @param onBlocked is called when the broker blocks the connection
 */
export async function openConnection(
  url: string,
  lost: (error: Error) => void,
  onBlocked: (error: Error) => void,
): Promise<RabbitConnection> {
  const model = await connect(withHeartbeat(url), { timeout: ANSWER_TIMEOUT_MS, noDelay: true });
  let blocked = false;
  model.on('error', lost);
  model.on('close', () => lost(new Error('the connection was closed')));
  model.on('blocked', (reason) => {
    blocked = true;
    onBlocked(new Error(`RabbitMQ takes no messages: ${reason}`));
  });
  model.on('unblocked', () => {
    blocked = false;
  });
  const [taking, publishing] = await Promise.all([model.createChannel(), model.createConfirmChannel()]);
  for (const channel of [taking, publishing]) {
    channel.on('error', lost);
    channel.on('close', () => lost(new Error('a channel was closed')));
  }
  return { model, taking, publishing, isBlocked: () => blocked, lost };
}

/** Ends the connection in whatever state it is, within ANSWER_TIMEOUT_MS even if the broker hangs; if it blocks, at once. */
export async function closeConnection(connection: RabbitConnection, clock: Clock): Promise<void> {
  // Nothing would answer, and the next connection is made only after this returns.
  if (streamOf(connection).destroyed) return;
  if (connection.isBlocked()) return cutConnection(connection);
  const closed = new AbortController();
  const close = async () => {
    try {
      // The channel first: acks that are still buffered would otherwise follow the connection's close.
      await connection.taking.close();
      await connection.model.close();
    } catch {
      // The connection has ended already.
    }
    closed.abort();
  };
  await Promise.race([close(), sleep(clock, ANSWER_TIMEOUT_MS, closed.signal)]);
  cutConnection(connection);
}

/**
 * Destroys the socket, which works even if the broker does not answer. It needs an error: the client library ignores a
 * socket that closes without one, and pending calls would wait for the heartbeat to fail.
 */
export function cutConnection(connection: RabbitConnection): void {
  streamOf(connection).destroy(new Error('the connection was given up'));
}

/** The library's types do not declare the stream. */
function streamOf({ model }: RabbitConnection): Socket {
  return (model.connection as unknown as { stream: Socket }).stream;
}

function withHeartbeat(url: string): string {
  const parsed = new URL(url);
  if (!parsed.searchParams.has('heartbeat')) parsed.searchParams.set('heartbeat', String(HEARTBEAT_SECONDS));
  return parsed.href;
}

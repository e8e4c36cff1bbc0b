import type { Socket } from 'node:net';
import { type Channel, type ChannelModel, type ConfirmChannel, connect } from 'amqplib';
import { type Clock, sleep } from '../../runtime/clock.ts';
import { ANSWER_TIMEOUT_MS } from '../queue.ts';

/** A connection that says nothing for two of these is lost. */
const HEARTBEAT_SECONDS = 5;

/** A channel for each direction, so that neither waits for the other. */
export type RabbitConnection = Readonly<{
  model: ChannelModel;
  /** Declares, consumes and acknowledges. */
  taking: Channel;
  publishing: ConfirmChannel;
  /** The broker has no memory or disk left and takes nothing. It still gives out. */
  isBlocked(): boolean;
  lost: (error: Error) => void;
}>;

/**
 * Opens a connection and its channels.
 * @param lost is called when any of them ends
 */
export async function openConnection(url: string, lost: (error: Error) => void): Promise<RabbitConnection> {
  const model = await connect(withHeartbeat(url), { timeout: ANSWER_TIMEOUT_MS, noDelay: true });
  let blocked = false;
  model.on('error', lost);
  model.on('close', () => lost(new Error('the connection was closed')));
  model.on('blocked', () => {
    blocked = true;
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

/** Ends it, in whatever state it is. A broker that hangs is not waited for. */
export async function closeConnection(connection: RabbitConnection, clock: Clock): Promise<void> {
  // Nothing would answer, and whoever connects anew waits for this.
  if (streamOf(connection).destroyed) return;
  const closed = new AbortController();
  const close = async () => {
    try {
      // First, because acks that are still to be sent would come after the connection's own close.
      await connection.taking.close();
      await connection.model.close();
    } catch {
      // It has ended already.
    }
    closed.abort();
  };
  await Promise.race([close(), sleep(clock, ANSWER_TIMEOUT_MS, closed.signal)]);
  cutConnection(connection);
}

/**
 * Ends the socket: a broker that does not answer leaves no other way. With an error, since the client library takes no
 * note of a socket that just closes, and what waits for an answer would wait for its heartbeat.
 */
export function cutConnection(connection: RabbitConnection): void {
  streamOf(connection).destroy(new Error('the connection was given up'));
}

/** The types leave it out. */
function streamOf({ model }: RabbitConnection): Socket {
  return (model.connection as unknown as { stream: Socket }).stream;
}

function withHeartbeat(url: string): string {
  const parsed = new URL(url);
  if (!parsed.searchParams.has('heartbeat')) parsed.searchParams.set('heartbeat', String(HEARTBEAT_SECONDS));
  return parsed.href;
}

import type { Clock } from '../../runtime/clock.ts';
import { createSemaphore } from '../../runtime/semaphore.ts';
import { ClientError } from './client-error.ts';
import { createConnect } from './connect.ts';
import { type Connection, createConnection } from './connection.ts';
import type { ExchangeLimits, ExchangeResult } from './exchange.ts';
import { createIdleConnections } from './idle-connections.ts';
import type { Answer } from './read-answer.ts';
import type { RequestBytes } from './write-request.ts';

export type ClientOptions = ExchangeLimits &
  Readonly<{
    /** Most open connections. */
    connections: number;
    connectTimeoutMs: number;
    clock: Clock;
  }>;

export type HttpClient = Readonly<{
  /**
   * Sends a request, when a connection is free. A request whose reused connection ends before any byte of an answer is
   * sent once more, on a new connection: the server had closed the old one before it could read the request.
   * @throws the socket's error, a ClientError, or the signal's reason. Not once a status has come.
   */
  send(request: RequestBytes, signal: AbortSignal): Promise<Answer>;
  /** Ends every connection and fails what is under way. */
  close(): void;
}>;

/**
 * A client for one origin over HTTP/1.1, with persistent connections and one request at a time on each.
 *
 * It parses leniently, because a status decides a delivery, and an answer that other clients would refuse has been given
 * all the same. It reuses connections strictly: only after an answer whose end is beyond doubt.
 */
export function openClient(url: URL, options: ClientOptions): HttpClient {
  const { clock } = options;
  const connect = createConnect(url, clock, options.connectTimeoutMs);
  const places = createSemaphore(options.connections);
  const closing = new AbortController();
  const busy = new Set<Connection>();
  const idle = createIdleConnections(clock);

  const exchangeOn = async (connection: Connection, request: RequestBytes, signal: AbortSignal) => {
    busy.add(connection);
    const result = await connection.exchange(request, signal);
    busy.delete(connection);
    if (result.kind === 'answered' && !closing.signal.aborted) idle.keep(connection, result.keepAliveMs);
    else connection.destroy(new ClientError('ERR_CONNECTION_CLOSED'));
    return result;
  };
  const onNewConnection = async (request: RequestBytes, signal: AbortSignal): Promise<ExchangeResult> => {
    const either = AbortSignal.any([signal, closing.signal]);
    const socket = await connect(either);
    if (either.aborted) {
      socket.destroy();
      throw either.reason;
    }
    return exchangeOn(createConnection(socket, clock, options), request, signal);
  };
  const exchange = async (request: RequestBytes, signal: AbortSignal): Promise<ExchangeResult> => {
    const reused = idle.take();
    if (reused === null) return onNewConnection(request, signal);
    const result = await exchangeOn(reused, request, signal);
    const isStale = result.kind === 'failed' && result.isUnanswered;
    return isStale ? onNewConnection(request, signal) : result;
  };

  return {
    async send(request, signal) {
      const giveBack = await places.take(signal);
      try {
        closing.signal.throwIfAborted();
        const result = await exchange(request, signal);
        if (result.kind === 'failed') throw result.error;
        return result.answer;
      } finally {
        giveBack();
      }
    },
    close() {
      const error = new ClientError('ERR_CLIENT_CLOSED');
      closing.abort(error);
      for (const connection of busy) connection.destroy(error);
      idle.clear();
    },
  };
}

import type { Socket } from 'node:net';
import type { Clock } from '../../runtime/clock.ts';
import { ClientError } from './client-error.ts';
import { type Exchange, type ExchangeLimits, type ExchangeResult, startExchange } from './exchange.ts';
import type { RequestBytes } from './write-request.ts';

/** No request is sent on an older connection, so that deliveries follow a name whose address has changed. */
const MAX_CONNECTION_AGE_MS = 30_000;

export type Connection = Readonly<{
  /** Sends a request and reads its answer. Never rejects. Only while the connection is usable. */
  exchange(request: RequestBytes, signal: AbortSignal): Promise<ExchangeResult>;
  /** Whether another request may be sent: neither side has closed, and the connection is not too old. */
  isUsable(): boolean;
  /** Ends the connection. A request under way fails with the error, or is answered if its status is known. */
  destroy(error: Error): void;
}>;

/**
 * One HTTP/1.1 connection, which carries one request at a time.
 *
 * States: *usable* (open, no request under way), *busy*, *ended*. It ends when either side closes, when an answer leaves
 * its place in the byte stream unknown, and when bytes come without a request.
 */
export function createConnection(socket: Socket, clock: Clock, limits: ExchangeLimits): Connection {
  let current: Exchange | null = null;
  let hasEnded = false;
  // By a timer, since wall time may step back.
  let isOld = false;
  const stopAgeing = clock.after(MAX_CONNECTION_AGE_MS, () => {
    isOld = true;
  });
  const cut = () => {
    hasEnded = true;
    stopAgeing();
    socket.destroy();
  };
  const onEnd = (error: unknown) => {
    current?.onEnd(error);
    cut();
  };
  const onClose = () => onEnd(new ClientError('ERR_CONNECTION_CLOSED'));
  socket.on('data', (chunk: Buffer) => {
    if (current === null) cut();
    else current.onData(chunk);
  });
  socket.on('end', onClose).on('close', onClose).on('error', onEnd);

  return {
    exchange: (request, signal) =>
      new Promise((resolve) => {
        const onResult = (result: ExchangeResult) => {
          current = null;
          if (result.kind === 'failed' || !result.isReusable) cut();
          resolve(result);
        };
        current = startExchange({ ...limits, socket, clock, request, signal, onResult });
      }),
    isUsable: () => !hasEnded && !isOld && current === null,
    destroy(error) {
      current?.fail(error);
      cut();
    },
  };
}

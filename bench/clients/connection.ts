import { connect, type Socket } from 'node:net';
import { parseReply, type Reply } from './reply-parser.ts';

/** One keep-alive connection, one request at a time. */
export type Connection = Readonly<{
  send(request: string): Promise<Reply>;
  close(): void;
}>;

type Waiting = Readonly<{ resolve(reply: Reply): void; reject(error: Error): void }>;

/**
 * A client with next to nothing between it and the socket: at 10,000 requests/s node:http's own would take a core,
 * and on two cores that core is the receiver's.
 */
export function openConnection(host: string, port: number): Connection {
  let socket: Socket | null = null;
  let waiting: Waiting | null = null;
  let received: Buffer = Buffer.alloc(0);

  const settle = (act: (waiting: Waiting) => void) => {
    const current = waiting;
    waiting = null;
    if (current !== null) act(current);
  };
  const drop = (error: Error) => {
    socket?.destroy();
    socket = null;
    settle(({ reject }) => reject(error));
  };
  const open = (): Socket => {
    const opened = connect({ host, port, noDelay: true });
    received = Buffer.alloc(0);
    opened.on('data', (chunk: Buffer) => {
      received = received.length === 0 ? chunk : Buffer.concat([received, chunk]);
      try {
        const parsed = parseReply(received);
        if (parsed === null) return;
        received = received.subarray(parsed.length);
        settle(({ resolve }) => resolve(parsed.reply));
      } catch (error) {
        drop(error as Error);
      }
    });
    opened.on('error', (error) => opened === socket && drop(error));
    opened.on('close', () => opened === socket && drop(new Error('connection closed')));
    return opened;
  };

  return {
    send: (request) =>
      new Promise((resolve, reject) => {
        waiting = { resolve, reject };
        socket ??= open();
        socket.write(request);
      }),
    close: () => drop(new Error('closed')),
  };
}

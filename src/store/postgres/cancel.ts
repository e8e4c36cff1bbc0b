import { connect } from 'node:net';
import type { ClientBase, PoolClient } from 'pg';
import { systemClock } from '../../runtime/clock.ts';

/** How long the server may take to accept a cancellation. */
export const CANCEL_TIMEOUT_MS = 1_000;

/** https://www.postgresql.org/docs/current/protocol-message-formats.html#PROTOCOL-MESSAGE-FORMATS-CANCELREQUEST */
const CANCEL_REQUEST_CODE = 80_877_102;
const CANCEL_REQUEST_LENGTH = 16;

/** What the client library knows of its backend, beside what its types say. */
type Backend = Readonly<{
  host: string;
  port: number;
  processID: number | null;
  secretKey: number | null;
  connection: Readonly<{ stream: Readonly<{ remoteAddress?: string | undefined }> }>;
}>;

/** `refused`: there is no server any more that could have the backend. `no answer`: it may have it yet. */
export type Cancellation = 'taken' | 'refused' | 'no answer';

/**
 * Asks the server to cancel what the client's backend is doing, on a connection of its own. A backend that waits for a
 * lock, for a disk or for a synchronous standby does not notice that its client is gone, and would keep its slot: so
 * whatever gives up a connection with a statement under way cancels first, then closes.
 */
export function cancelStatement(client: ClientBase): Promise<Cancellation> {
  const { host: name, port, processID, secretKey, connection } = client as unknown as Backend;
  // A name that has moved would lead past the server that has the backend.
  const host = connection.stream.remoteAddress ?? name;
  if (processID === null || secretKey === null) return Promise.resolve('refused');
  return new Promise((resolve) => {
    const socket = host.startsWith('/') ? connect(`${host}/.s.PGSQL.${port}`) : connect(port, host);
    const stopWaiting = systemClock.after(CANCEL_TIMEOUT_MS, () => done('no answer'));
    const done = (outcome: Cancellation) => {
      stopWaiting();
      socket.destroy();
      resolve(outcome);
    };
    // Our end stays open, as libpq's does: PgBouncer, 1.18 at least, may end itself when the client of a cancellation leaves
    // first, see https://github.com/pgbouncer/pgbouncer/pull/846.
    socket.once('connect', () => socket.write(cancelRequest(processID, secretKey)));
    // The server answers nothing: it closes the connection when it has sent the signal.
    socket.once('end', () => done('taken'));
    socket.once('error', ({ code }: NodeJS.ErrnoException) =>
      done(code === 'ECONNREFUSED' ? 'refused' : 'no answer'),
    );
    socket.resume();
  });
}

function cancelRequest(processID: number, secretKey: number): Buffer {
  const request = Buffer.alloc(CANCEL_REQUEST_LENGTH);
  request.writeInt32BE(CANCEL_REQUEST_LENGTH, 0);
  request.writeInt32BE(CANCEL_REQUEST_CODE, 4);
  request.writeInt32BE(processID, 8);
  request.writeInt32BE(secretKey, 12);
  return request;
}

/** Cancels, then closes: for a connection of the pool whose statement is given up. */
export async function discard(client: PoolClient): Promise<void> {
  await cancelStatement(client);
  client.release(true);
}

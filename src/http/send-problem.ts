import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { ProblemReply } from './problem.ts';

/** A refused body of at most this size is read and discarded, which keeps the connection usable. */
const DROPPED_BYTES = 64 * 1024;

/** How long a sender that was refused in mid-body has to read the response before the connection is closed. */
const LINGER_MS = 1_000;

/** Answers a request whose body may still be arriving. A body that is large, or of unknown size, is not read. */
export function sendProblem(response: ServerResponse, problem: ProblemReply): void {
  const request = response.req;
  if (request.complete || !expectsBody(request) || request.method === 'HEAD') {
    end(response, problem);
  } else if (isSmall(request)) {
    request.once('end', () => end(response, problem));
    request.resume();
  } else {
    endInMidBody(response, problem);
  }
}

function end(response: ServerResponse, { status, headers, body }: ProblemReply): void {
  response.writeHead(status, headers);
  response.end(body);
}

/** Ending the response would cut the connection at once, and the reset could overtake the answer. */
function endInMidBody(response: ServerResponse, { status, headers, body }: ProblemReply): void {
  const { socket } = response.req;
  response.writeHead(status, { ...headers, connection: 'close' });
  response.write(body, () => endBehindAnswer(socket));
}

/** Ends our side of the connection, and the connection after LINGER_MS, without reading what still arrives. */
export function endBehindAnswer(socket: Socket): void {
  socket.end();
  setTimeout(() => socket.destroy(), LINGER_MS).unref();
}

export function expectsBody({ headers }: IncomingMessage): boolean {
  const length = headers['content-length'];
  return headers['transfer-encoding'] !== undefined || (length !== undefined && length !== '0');
}

/** A sender that waits for `100 Continue` may or may not send its body after a refusal. */
function isSmall({ headers }: IncomingMessage): boolean {
  return headers.expect === undefined && Number(headers['content-length']) <= DROPPED_BYTES;
}

import type { IncomingMessage } from 'node:http';

export type BodyOutcome =
  | Readonly<{ kind: 'body'; body: Uint8Array }>
  /** `head` is the beginning, of at most HEAD_BYTES; `bytes` is how many came until the limit was crossed. */
  | Readonly<{ kind: 'too_large'; head: Uint8Array; bytes: number }>
  /** All requests together hold the most bytes allowed. */
  | Readonly<{ kind: 'overloaded' }>
  | Readonly<{ kind: 'aborted' }>;

/** Counts the bytes of bodies in memory, over all requests. */
export type BodyBudget = {
  readonly maxBytesInFlight: number;
  bytesInFlight: number;
};

const NOTHING = Buffer.alloc(0);

/** How much of a refused body is kept for the operator. */
const HEAD_BYTES = 4096;

/**
 * Reads a body as it streams in, and stops reading at the limit.
 * Its bytes count against the budget until the caller calls `releaseBody`.
 */
export function readBody(
  request: IncomingMessage,
  budget: BodyBudget,
  maxBodyBytes: number,
  done: (outcome: BodyOutcome) => void,
): void {
  let body: Buffer = NOTHING;
  let bytes = 0;

  const finish = (outcome: BodyOutcome) => {
    request.off('data', onData);
    request.off('end', onEnd);
    request.off('close', onClose);
    if (outcome.kind !== 'body') {
      request.pause();
      budget.bytesInFlight -= bytes;
    }
    done(outcome);
  };
  const onData = (chunk: Buffer) => {
    const start = bytes;
    bytes += chunk.length;
    budget.bytesInFlight += chunk.length;
    if (bytes > maxBodyBytes) {
      const head = Buffer.concat([
        body.subarray(0, Math.min(start, HEAD_BYTES)),
        chunk.subarray(0, HEAD_BYTES),
      ]);
      return finish({ kind: 'too_large', head: head.subarray(0, HEAD_BYTES), bytes });
    }
    if (budget.bytesInFlight > budget.maxBytesInFlight) return finish({ kind: 'overloaded' });
    body = start === 0 ? chunk : append(body, start, chunk);
  };
  const onEnd = () => finish({ kind: 'body', body: body.length === bytes ? body : body.subarray(0, bytes) });
  const onClose = () => finish({ kind: 'aborted' });

  request.on('data', onData);
  request.on('end', onEnd);
  request.on('close', onClose);
  // Without a listener an aborted upload would surface as an uncaught error; `close` follows and ends it.
  request.on('error', ignore);
}

/**
 * Appends a chunk to the first `start` bytes of the body, in a larger buffer if necessary. Kept apart, chunks of one
 * byte each would cost five hundred times what the budget counts.
 */
function append(body: Buffer, start: number, chunk: Buffer): Buffer {
  const end = start + chunk.length;
  const room = end <= body.length ? body : Buffer.allocUnsafeSlow(Math.max(2 * start, end));
  if (room !== body) body.copy(room, 0, 0, start);
  chunk.copy(room, start);
  return room;
}

function ignore(): void {}

/**
 * Collects the beginning of a body that is refused, while the refusal is sent. Reads no more than that, and does not
 * wait for it: a sender that is told to keep its body may send nothing.
 */
export function collectHead(request: IncomingMessage, done: (head: Uint8Array) => void): void {
  let head: Buffer = NOTHING;
  const onData = (chunk: Buffer) => {
    head = Buffer.concat([head, chunk.subarray(0, HEAD_BYTES - head.length)]);
    if (head.length === HEAD_BYTES) finish();
  };
  const finish = () => {
    request.off('data', onData);
    request.off('end', finish);
    request.off('close', finish);
    done(head);
  };
  request.on('data', onData);
  request.on('end', finish);
  request.on('close', finish);
  request.on('error', ignore);
}

export function releaseBody(budget: BodyBudget, body: Uint8Array): void {
  budget.bytesInFlight -= body.length;
}

import { ClientError } from './client-error.ts';
import { type AnswerHead, parseHead } from './parse-head.ts';
import { type BodyReader, createBodyReader } from './read-body.ts';

/** Longest head that is read. The status of a longer one counts, and its body is not read. */
const MAX_HEAD_BYTES = 64 * 1024;

/** What a server answered. */
export type Answer = Readonly<{
  status: number;
  /** By name in lower case; the values of a repeated header in their order. */
  fields: ReadonlyMap<string, readonly string[]>;
  /** The beginning of the body, at most RESPONSE_EXCERPT_BYTES. */
  body: Uint8Array;
  /** Whether `body` is all of it. */
  isWhole: boolean;
}>;

/**
 * How far an answer has come. `waiting`: there is no status yet. `decided`: there is, and more is to come. `ended`:
 * nothing more is read, and the connection has to be closed. `reusable`: the answer has ended, and the connection is
 * ready for another request.
 */
export type AnswerState = 'waiting' | 'decided' | 'ended' | 'reusable';

export type AnswerReader = Readonly<{
  /** @throws ClientError ERR_NOT_HTTP */
  push(chunk: Buffer): AnswerState;
  /** The answer as far as it has come; null without a status. */
  answer(): Answer | null;
  /** The answer's own Keep-Alive timeout, or null. */
  keepAliveMs(): number | null;
}>;

const EMPTY = Buffer.alloc(0);
const PREFIX = 'http/';

/**
 * Reads one answer to one request from the bytes of a connection. Interim answers (1xx) are passed over, whether they
 * were asked for or not (RFC 9110, section 15.2), except 101, after which the connection speaks no HTTP.
 * @param isHead whether the request was a HEAD, whose answer has no body
 */
export function createAnswerReader(isHead: boolean): AnswerReader {
  /** Bytes of a head that is not whole yet. */
  let pending: Buffer = EMPTY;
  let head: AnswerHead | null = null;
  let body: BodyReader | null = null;

  const readBody = (bytes: Buffer): AnswerState => {
    const state = body!.push(bytes);
    if (state === 'more') return 'decided';
    return state === 'whole' && head!.isPersistent ? 'reusable' : 'ended';
  };
  const readHead = (): AnswerState => {
    for (;;) {
      pending = pending.subarray(startOfHead(pending));
      if (!couldBeHttp(pending)) throw new ClientError('ERR_NOT_HTTP');
      const end = endOfHead(pending);
      if (end === null) return stateWithin(pending);
      const found = parseHead(pending.toString('latin1', 0, end.at));
      if (found === null) throw new ClientError('ERR_NOT_HTTP');
      const rest = pending.subarray(end.next);
      if (!isInterim(found.status)) {
        head = found;
        body = createBodyReader(found.framing);
        pending = EMPTY;
        // Some servers send a body after HEAD all the same, so its connection is not reused.
        return isHead || found.status === 101 ? 'ended' : readBody(rest);
      }
      pending = rest;
    }
  };
  /** The head, or as much of it as there is. */
  const soFar = () => head ?? parseHead(pending.toString('latin1'));

  return {
    push(chunk) {
      if (body !== null) return readBody(chunk);
      pending = pending.length === 0 ? chunk : Buffer.concat([pending, chunk]);
      return readHead();
    },
    answer() {
      const found = soFar();
      if (found === null || isInterim(found.status)) return null;
      const { status, fields } = found;
      return { status, fields, body: body?.beginning() ?? EMPTY, isWhole: body?.isAll() ?? true };
    },
    keepAliveMs() {
      const seconds = /\btimeout=(\d{1,6})\b/i.exec(head?.fields.get('keep-alive')?.[0] ?? '')?.[1];
      return seconds === undefined ? null : Number(seconds) * 1000;
    },
  };
}

function isInterim(status: number): boolean {
  return status < 200 && status !== 101;
}

/** Where a head begins: some servers send a line end too many after a body. */
function startOfHead(bytes: Buffer): number {
  let at = 0;
  while (bytes[at] === 10 || bytes[at] === 13) at += 1;
  return at;
}

function couldBeHttp(bytes: Buffer): boolean {
  return PREFIX.startsWith(bytes.toString('latin1', 0, PREFIX.length).toLowerCase());
}

/** The blank line that ends a head, with line ends of CRLF or LF alone. */
function endOfHead(bytes: Buffer): Readonly<{ at: number; next: number }> | null {
  for (let at = bytes.indexOf(10); at !== -1; at = bytes.indexOf(10, at + 1)) {
    if (bytes[at + 1] === 10) return { at, next: at + 2 };
    if (bytes[at + 1] === 13 && bytes[at + 2] === 10) return { at, next: at + 3 };
  }
  return null;
}

/** The state of a head that has not ended. */
function stateWithin(bytes: Buffer): AnswerState {
  const isTooLong = bytes.length > MAX_HEAD_BYTES;
  const lineEnd = bytes.indexOf(10);
  if (lineEnd === -1 && !isTooLong) return 'waiting';
  const status = parseHead(bytes.toString('latin1', 0, lineEnd === -1 ? MAX_HEAD_BYTES : lineEnd))?.status;
  if (status === undefined || (isTooLong && isInterim(status))) throw new ClientError('ERR_NOT_HTTP');
  if (isInterim(status)) return 'waiting';
  return isTooLong ? 'ended' : 'decided';
}

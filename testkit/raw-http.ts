import { connect, type Socket } from 'node:net';
import { watchMovement, whileMoving } from './standstill.ts';

/** An answer as it came over the wire. */
export type RawAnswer = Readonly<{
  status: number;
  /** In order, as sent. */
  headers: readonly (readonly [name: string, value: string])[];
  body: Buffer;
  /** The first value of a header, whatever its casing. */
  header(name: string): string | undefined;
  text(): string;
  json(): unknown;
}>;

/** A connection on which a test says exactly what is sent, and when. */
export type RawConnection = Readonly<{
  /** Sends these bytes; text goes as Latin-1, one byte a character. */
  send(...parts: readonly (string | Uint8Array)[]): void;
  /**
   * The next answer, interim ones included, or null when the connection ended instead.
   * @param options `bodiless` for the answer to a HEAD
   */
  answer(options?: Readonly<{ bodiless?: boolean }>): Promise<RawAnswer | null>;
  /** Ends the sending side; answers can still be read. */
  end(): void;
  /** Stops reading, as a client that is stuck. */
  pause(): void;
  /** Cuts the connection. */
  destroy(): void;
  /** Resolves when the connection has ended, however it did. */
  ended: Promise<void>;
  /** Cuts the connection: `using connection = await connectRaw(port)`. */
  [Symbol.dispose](): void;
}>;

export async function connectRaw(port: number): Promise<RawConnection> {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true });
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('error', reject);
  });
  const input = readInput(socket);
  let last: Promise<unknown> = Promise.resolve();
  return {
    send: (...parts) => {
      for (const part of parts) socket.write(typeof part === 'string' ? Buffer.from(part, 'latin1') : part);
    },
    answer({ bodiless = false } = {}) {
      const next = last.then(() => readAnswer(input, bodiless));
      last = next.catch(() => {});
      return next;
    },
    end: () => void socket.end(),
    pause: () => void socket.pause(),
    destroy: () => void socket.destroy(),
    ended: input.ended,
    [Symbol.dispose]: () => void socket.destroy(),
  };
}

/** Sends the bytes on a connection of their own and reads one answer. */
export async function exchange(
  port: number,
  ...parts: readonly (string | Uint8Array)[]
): Promise<RawAnswer | null> {
  using connection = await connectRaw(port);
  connection.send(...parts);
  return await connection.answer();
}

/** A request's head, with the given headers as they are, and a Content-Length where there is a body. */
export function rawHead(
  method: string,
  target: string,
  headers: readonly string[] = [],
  bodyBytes: number | null = null,
): string {
  const length = bodyBytes === null ? [] : [`Content-Length: ${bodyBytes}`];
  return [`${method} ${target} HTTP/1.1`, 'Host: receiver.test', ...headers, ...length, '', ''].join('\r\n');
}

/** A whole `POST /webhooks` of JSON. */
export function rawPost(
  body: string | Uint8Array,
  { target = '/webhooks', headers = ['Content-Type: application/json'] as readonly string[] } = {},
): Buffer {
  const bytes = Buffer.from(body);
  return Buffer.concat([Buffer.from(rawHead('POST', target, headers, bytes.length), 'latin1'), bytes]);
}

type Input = {
  buffered: Buffer;
  isOver: boolean;
  /** Resolves with the next bytes, or the end. */
  more(): Promise<void>;
  ended: Promise<void>;
};

function readInput(socket: Socket): Input {
  let wake = () => {};
  const ended = Promise.withResolvers<void>();
  const input: Input = {
    buffered: Buffer.alloc(0),
    isOver: false,
    more: () => {
      const next = new Promise<void>((resolve) => {
        wake = resolve;
      });
      return whileMoving(next, watchMovement(), () => 'no answer');
    },
    ended: ended.promise,
  };
  const over = () => {
    input.isOver = true;
    ended.resolve();
    wake();
  };
  socket.on('data', (chunk: Buffer) => {
    input.buffered = Buffer.concat([input.buffered, chunk]);
    wake();
  });
  socket.on('end', () => {
    over();
    socket.end();
  });
  socket.on('close', over);
  // A write to a refused connection resets it; what was read before counts.
  socket.on('error', () => {});
  return input;
}

async function readAnswer(input: Input, bodiless: boolean): Promise<RawAnswer | null> {
  const head = await takeThrough(input, '\r\n\r\n');
  if (head === null) return null;
  const [statusLine = '', ...lines] = head.toString('latin1').trimEnd().split('\r\n');
  const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(`${statusLine} `)?.[1]);
  if (Number.isNaN(status)) throw new Error(`not an answer: ${JSON.stringify(statusLine)}`);
  const headers = lines.map((line) => {
    const colon = line.indexOf(':');
    return [line.slice(0, colon), line.slice(colon + 1).trim()] as const;
  });
  const header = (name: string) => headers.find(([other]) => other.toLowerCase() === name.toLowerCase())?.[1];
  const hasNoBody = bodiless || status < 200 || status === 204 || status === 304;
  const body = hasNoBody ? Buffer.alloc(0) : await takeBody(input, header);
  const text = () => body.toString();
  return { status, headers, body, header, text, json: () => JSON.parse(text()) };
}

async function takeBody(input: Input, header: (name: string) => string | undefined): Promise<Buffer> {
  const length = header('content-length');
  if (length !== undefined) return take(input, Number(length));
  if (header('transfer-encoding') !== 'chunked') {
    while (!input.isOver) await input.more();
    return take(input, input.buffered.length);
  }
  const chunks: Buffer[] = [];
  for (;;) {
    const line = await takeThrough(input, '\r\n');
    if (line === null) throw new Error('the answer ended in mid-body');
    const size = Number.parseInt(line.toString('latin1'), 16);
    const chunk = await take(input, size + 2);
    if (size === 0) return Buffer.concat(chunks);
    chunks.push(chunk.subarray(0, size));
  }
}

/** @returns null when the connection ended before its first byte */
async function takeThrough(input: Input, end: string): Promise<Buffer | null> {
  for (;;) {
    const at = input.buffered.indexOf(end);
    if (at !== -1) return take(input, at + end.length);
    if (input.isOver && input.buffered.length === 0) return null;
    if (input.isOver) throw new Error(`the answer ended early: ${input.buffered.toString('latin1')}`);
    await input.more();
  }
}

async function take(input: Input, bytes: number): Promise<Buffer> {
  while (input.buffered.length < bytes) {
    if (input.isOver) throw new Error('the answer ended in mid-body');
    await input.more();
  }
  const taken = input.buffered.subarray(0, bytes);
  input.buffered = input.buffered.subarray(bytes);
  return taken;
}

import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { type ProblemCode, rawProblem } from './problem.ts';
import { endBehindAnswer } from './send-problem.ts';

/** Node keeps the response in progress here, and its own handling of client errors uses it too. */
type HttpSocket = Socket & { _httpMessage?: ServerResponse | null };

type Words = Readonly<{ code: ProblemCode; detail: string }>;

/** Answers input that never became a request: invalid syntax, headers too large, too slow. */
export function createClientErrorHandler(limits: Readonly<{ maxHeaderBytes: number }>) {
  const words: Readonly<Record<string, Words>> = {
    HPE_HEADER_OVERFLOW: {
      code: 'headers_too_large',
      detail: `The request line and headers may have ${limits.maxHeaderBytes} bytes together.`,
    },
    ERR_HTTP_REQUEST_TIMEOUT: { code: 'request_timeout', detail: 'The request did not arrive in time.' },
    HPE_INVALID_EOF_STATE: { code: 'bad_request', detail: 'The connection ended before the request did.' },
  };
  const other: Words = { code: 'bad_request', detail: 'This is not an HTTP/1.1 request.' };

  return function answer(error: NodeJS.ErrnoException, socket: HttpSocket): void {
    // A connection opened in advance and not used: the client would take a response for that of its first request.
    if (error.code === 'ECONNRESET' || socket.bytesRead === 0) {
      socket.destroy();
      return;
    }
    if (!socket.writable) return;
    socket.pause();
    const response = socket._httpMessage ?? null;
    // Requests before this one were complete, and their responses are in progress.
    if (response?.req.complete === true) {
      response.once('finish', () => answer(error, socket));
      return;
    }
    const { code, detail } = words[error.code ?? ''] ?? other;
    if (response?.headersSent !== true) socket.write(rawProblem(code, detail));
    endBehindAnswer(socket);
  };
}

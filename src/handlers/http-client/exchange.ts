import type { Socket } from 'node:net';
import type { Clock } from '../../runtime/clock.ts';
import { ClientError } from './client-error.ts';
import { type Answer, type AnswerState, createAnswerReader } from './read-answer.ts';
import type { RequestBytes } from './write-request.ts';

/** How a request on a connection ended. */
export type ExchangeResult =
  | Readonly<{ kind: 'answered'; answer: Answer; isReusable: boolean; keepAliveMs: number | null }>
  /** `isUnanswered`: the connection ended before any byte of an answer came, so the server may never have read it. */
  | Readonly<{ kind: 'failed'; error: unknown; isUnanswered: boolean }>;

export type ExchangeLimits = Readonly<{
  /** Time for the status. */
  answerTimeoutMs: number;
  /** Time for the rest of an answer whose status is known. */
  bodyWaitMs: number;
}>;

export type ExchangeParts = ExchangeLimits &
  Readonly<{
    socket: Socket;
    clock: Clock;
    request: RequestBytes;
    signal: AbortSignal;
    onResult: (result: ExchangeResult) => void;
  }>;

/** A request under way. The connection passes on what happens to its socket. */
export type Exchange = Readonly<{
  onData(chunk: Buffer): void;
  /** The connection has ended. */
  onEnd(error: unknown): void;
  /** Gives the request up. */
  fail(error: unknown): void;
}>;

/**
 * Sends a request and reads its answer. `onResult` is called once. Once a status has come, the result is an answer:
 * what breaks, stalls or is malformed behind the status only makes the answer shorter.
 */
export function startExchange(parts: ExchangeParts): Exchange {
  const { socket, clock, signal } = parts;
  const reader = createAnswerReader(parts.request.isHead);
  let state: AnswerState = 'waiting';
  let hasBytes = false;
  let stopTimer = () => {};

  const finish = (result: ExchangeResult) => {
    stopTimer();
    signal.removeEventListener('abort', onAbort);
    parts.onResult(result);
  };
  const answered = (answer: Answer, isReusable: boolean) =>
    finish({ kind: 'answered', answer, isReusable, keepAliveMs: reader.keepAliveMs() });
  const giveUp = (error: unknown, isUnanswered: boolean) => {
    const answer = reader.answer();
    if (answer === null) finish({ kind: 'failed', error, isUnanswered });
    else answered(answer, false);
  };
  const onAbort = () => giveUp(signal.reason, false);
  const startTimer = (waitMs: number) => {
    stopTimer();
    stopTimer = clock.after(waitMs, () => giveUp(new ClientError('ERR_ANSWER_TIMEOUT'), false));
  };
  const onData = (chunk: Buffer) => {
    const before = state;
    hasBytes = true;
    try {
      state = reader.push(chunk);
    } catch (error) {
      return giveUp(error, false);
    }
    if (state === 'decided' && before === 'waiting') startTimer(parts.bodyWaitMs);
    // An answer that overtakes the request leaves the rest of the request in the way.
    if (state === 'reusable') answered(reader.answer()!, socket.writableLength === 0);
    if (state === 'ended') answered(reader.answer()!, false);
  };

  startTimer(parts.answerTimeoutMs);
  signal.addEventListener('abort', onAbort, { once: true });
  for (const bytes of parts.request.chunks) socket.write(bytes);
  return {
    onData,
    onEnd: (error) => giveUp(error, !hasBytes),
    fail: (error) => giveUp(error, false),
  };
}

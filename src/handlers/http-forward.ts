import { type Dispatcher, Pool } from 'undici';
import type { WebhookEvent } from '../domain/event.ts';
import type { Clock } from '../runtime/clock.ts';
import { describeFailure } from './connection-failure.ts';
import { forwardHeaders } from './forward-headers.ts';
import { DestinationError, type Handler, type HandlerContext, type HandlerReply } from './handler.ts';
import { judgeAnswer } from './judge-answer.ts';
import { readExcerpt } from './read-excerpt.ts';
import { createRequestLine, type IsSecretQuery, type RequestLine } from './request-line.ts';
import { createSigner, type Sign } from './sign-standard-webhooks.ts';
import type { Target } from './target.ts';

export type HttpTarget = Extract<Target, { kind: 'http' }>;

export type HttpForwardOptions = Readonly<{
  /** Most open connections. */
  concurrency: number;
  timeoutMs: number;
  clock: Clock;
  isSecretQuery: IsSecretQuery;
}>;

/** The longest wait for a connection; a host that has not completed the handshake by then hardly will. */
const CONNECT_TIMEOUT_MS = 10_000;
/** The longest wait for the body of an answer whose status is known. */
const BODY_WAIT_MS = 5000;

/**
 * Makes the handler that forwards events to one URL over its own pool of persistent HTTP/1.1 connections. It resolves
 * for a 2xx, and rejects with a DestinationError for any other status or when no answer came.
 * @param target its configuration; the schema has checked URL, headers and secret
 */
export function createHttpForward(target: HttpTarget, options: HttpForwardOptions): Handler {
  const url = new URL(target.url);
  const pool = openPool(url, options);
  const lineOf = createRequestLine(target, options.isSecretQuery);
  const sign = target.secret === null ? null : createSigner(target.secret);
  const bodyWaitMs = Math.min(BODY_WAIT_MS, options.timeoutMs / 2);

  return {
    async handle(event, context): Promise<HandlerReply> {
      const headers = headersFor(event, context, target, sign, options.clock.nowMs());
      const response = await post(pool, url, { ...lineOf(event), headers, body: event.body }, context.signal);
      const responseExcerpt = await readExcerpt(response.body, options.clock, bodyWaitMs);
      const answer = {
        status: response.statusCode,
        retryAfter: response.headers['retry-after'],
        location: response.headers.location,
        responseExcerpt,
      };
      return judgeAnswer(answer, target.permanentStatuses, url, options.clock.nowMs());
    },
    // The graceful close would wait for a destination that never answers.
    close: () => pool.destroy(),
  };
}

function openPool(url: URL, { concurrency, timeoutMs }: HttpForwardOptions): Pool {
  return new Pool(url.origin, {
    connections: concurrency,
    pipelining: 1,
    // HTTP/2 would change the casing of the headers.
    allowH2: false,
    connectTimeout: Math.min(timeoutMs, CONNECT_TIMEOUT_MS),
    headersTimeout: timeoutMs,
    bodyTimeout: timeoutMs,
  });
}

/**
 * The event's headers, the destination's and the receiver's own; later ones replace earlier ones. Idempotency-Key and
 * webhook-id are the delivery id, which is the same in every attempt, so the destination can detect a repetition.
 */
function headersFor(
  event: WebhookEvent,
  context: HandlerContext,
  target: HttpTarget,
  sign: Sign | null,
  nowMs: number,
): string[] {
  const id = context.deliveryId;
  const own = ['Idempotency-Key', id, 'Webhook-Attempt', String(context.attempt)];
  if (sign !== null) {
    const seconds = Math.floor(nowMs / 1000);
    own.push('webhook-id', id, 'webhook-timestamp', String(seconds));
    own.push('webhook-signature', sign(id, seconds, event.body));
  }
  return forwardHeaders(event.headers, [...Object.entries(target.headers).flat(), ...own]);
}

/** Sends the request and waits for the status and headers of the answer. */
async function post(
  pool: Pool,
  url: URL,
  request: RequestLine & Readonly<{ headers: string[]; body: Uint8Array }>,
  signal: AbortSignal,
): Promise<Dispatcher.ResponseData> {
  const aborted = Promise.withResolvers<never>();
  const onAbort = () => aborted.reject(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    signal.throwIfAborted();
    const { body, ...line } = request;
    // An event without a body may have come by a method that takes none.
    const response = pool.request({ ...line, body: body.length === 0 ? null : body, signal });
    // undici observes the signal only once it has a connection; an attempt must also end while it waits for one.
    return await Promise.race([response, aborted.promise]);
  } catch (error) {
    throw noAnswer(error, url, signal);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

function noAnswer(cause: unknown, url: URL, signal: AbortSignal): DestinationError {
  const message = signal.aborted
    ? `${url.host}: aborted before an answer came`
    : describeFailure(cause, url.host);
  const reply = { httpStatus: null, responseExcerpt: null };
  return new DestinationError(message, { reply, permanent: false, retryAfterMs: null }, { cause });
}

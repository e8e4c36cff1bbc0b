import { type Dispatcher, Pool } from 'undici';
import type { WebhookEvent } from '../domain/event.ts';
import type { Clock } from '../runtime/clock.ts';
import { describeFailure } from './connection-failure.ts';
import { forwardHeaders } from './forward-headers.ts';
import { DestinationError, type Handler, type HandlerContext, type HandlerReply } from './handler.ts';
import { judgeAnswer } from './judge-answer.ts';
import { readExcerpt } from './read-excerpt.ts';
import { createSigner, type Sign } from './sign-standard-webhooks.ts';
import type { Target } from './target.ts';

export type HttpTarget = Extract<Target, { kind: 'http' }>;

export type HttpForwardOptions = Readonly<{
  /** Most connections at once. */
  concurrency: number;
  timeoutMs: number;
  clock: Clock;
}>;

/** A host that does not answer the handshake by then will hardly do so later. */
const CONNECT_TIMEOUT_MS = 10_000;
/** The longest wait for the body of an answer whose status is known. */
const BODY_WAIT_MS = 5000;

/**
 * Makes the handler that forwards events to one URL, over its own pool of kept-alive HTTP/1.1 connections.
 * Resolves for a 2xx; rejects with a DestinationError for any other status and for no answer at all.
 * @param target its configuration, trusted: the configuration's schema has checked URL, headers and secret
 */
export function createHttpForward(target: HttpTarget, options: HttpForwardOptions): Handler {
  const url = new URL(target.url);
  const pool = openPool(url, options);
  const sign = target.secret === null ? null : createSigner(target.secret);
  const bodyWaitMs = Math.min(BODY_WAIT_MS, options.timeoutMs / 2);

  return {
    async handle(event, context): Promise<HandlerReply> {
      const headers = headersFor(event, context, target, sign, options.clock.nowMs());
      const response = await post(pool, url, headers, event.body, context.signal);
      const responseExcerpt = await readExcerpt(response.body, options.clock, bodyWaitMs);
      const answer = {
        status: response.statusCode,
        retryAfter: response.headers['retry-after'],
        location: response.headers.location,
        responseExcerpt,
      };
      return judgeAnswer(answer, target.permanentStatuses, url, options.clock.nowMs());
    },
    // Not the graceful close: it would wait for a destination that never answers.
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
 * The event's headers, the destination's, and the receiver's own, the last word with the last. The delivery id is
 * both keys, as it is equal over all attempts: the destination can tell a repetition by either.
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

/** Sends the request and waits for the head of the answer. */
async function post(
  pool: Pool,
  url: URL,
  headers: string[],
  body: Uint8Array,
  signal: AbortSignal,
): Promise<Dispatcher.ResponseData> {
  const aborted = Promise.withResolvers<never>();
  const onAbort = () => aborted.reject(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    signal.throwIfAborted();
    const path = url.pathname + url.search;
    const response = pool.request({ method: 'POST', path, headers, body, signal });
    // undici heeds the signal once it has a connection; a try must also end while it is still waiting for one.
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

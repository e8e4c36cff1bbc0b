import type { WebhookEvent } from '../domain/event.ts';
import type { Clock } from '../runtime/clock.ts';
import { CONTEXT_HEADERS, type HandlerTrace } from '../trace/tracing.ts';
import { describeFailure } from './connection-failure.ts';
import { excerptOf } from './excerpt.ts';
import { forwardHeaders } from './forward-headers.ts';
import { DestinationError, type Handler, type HandlerContext, type HandlerReply } from './handler.ts';
import { openClient } from './http-client/open-client.ts';
import { writeRequest } from './http-client/write-request.ts';
import { judgeAnswer } from './judge-answer.ts';
import { createRequestLine, type IsSecretQuery } from './request-line.ts';
import { createSigner, type Sign } from './sign-standard-webhooks.ts';
import { slackBody } from './slack-body.ts';
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
/** The longest wait for the rest of an answer whose status is known. */
const BODY_WAIT_MS = 5000;

/**
 * Makes the handler that forwards events to one URL over its own pool of persistent HTTP/1.1 connections. It resolves
 * for a 2xx, and rejects with a DestinationError for any other status or when no answer came.
 * @param target its configuration; the schema has checked URL, headers and secret
 */
export function createHttpForward(target: HttpTarget, options: HttpForwardOptions): Handler {
  const { clock, timeoutMs } = options;
  const url = new URL(target.url);
  const client = openClient(url, {
    connections: options.concurrency,
    connectTimeoutMs: Math.min(timeoutMs, CONNECT_TIMEOUT_MS),
    answerTimeoutMs: timeoutMs,
    bodyWaitMs: Math.min(BODY_WAIT_MS, timeoutMs / 2),
    clock,
  });
  const lineOf = createRequestLine(target, options.isSecretQuery);
  const sign = target.secret === null ? null : createSigner(target.secret);
  const send = async (stored: WebhookEvent, context: HandlerContext, trace: HandlerTrace | undefined) => {
    const event = target.format === 'slack' ? { ...stored, body: slackBody(stored.body) } : stored;
    const line = lineOf(event);
    const span = trace?.forward({
      ...{ method: line.method, url, attempt: context.attempt, bodyBytes: event.body.length },
    });
    const headers = headersFor(event, context, target, sign, clock.nowMs(), span?.headers ?? null);
    try {
      const request = writeRequest({ host: url.host, ...line, headers, body: event.body });
      const answer = await client.send(request, context.signal);
      span?.answered(answer.status);
      return answer;
    } catch (error) {
      const failure = noAnswer(error, url, context.signal);
      span?.failed(codeOf(error, context.signal), failure.message);
      throw failure;
    }
  };

  return {
    async handle(event, context, trace): Promise<HandlerReply> {
      const { status, fields, body, isWhole } = await send(event, context, trace);
      const answer = {
        status,
        retryAfter: fields.get('retry-after'),
        location: fields.get('location'),
        responseExcerpt: excerptOf(body, isWhole),
      };
      return judgeAnswer(answer, target.permanentStatuses, url, clock.nowMs());
    },
    close: async () => client.close(),
  };
}

/**
 * The event's headers, the destination's and the receiver's own; later ones replace earlier ones. Idempotency-Key and
 * webhook-id are the same in every attempt and in the replay of a failed delivery, so the destination can detect a
 * repetition. Webhook-Event-Id is the receiver's name of the event, and Webhook-Origin says how it came if it was not
 * received: a sender's own headers of these names stay here.
 * @param trace headers of the forward's own span, which replace those of the sender's; null: the sender's are forwarded
 */
function headersFor(
  event: WebhookEvent,
  context: HandlerContext,
  target: HttpTarget,
  sign: Sign | null,
  nowMs: number,
  trace: readonly string[] | null,
): string[] {
  const id = context.idempotencyKey;
  const own = [
    'Idempotency-Key',
    id,
    'Webhook-Event-Id',
    event.id,
    'Webhook-Attempt',
    String(context.attempt),
  ];
  if (event.origin !== 'received') own.push('Webhook-Origin', event.origin);
  if (sign !== null) {
    const seconds = Math.floor(nowMs / 1000);
    own.push('webhook-id', id, 'webhook-timestamp', String(seconds));
    own.push('webhook-signature', sign(id, seconds, event.body));
  }
  if (trace === null) {
    return forwardHeaders(event.headers, [...Object.entries(target.headers).flat(), ...own]);
  }
  const kept = Object.entries(target.headers).filter(
    ([name]) => !CONTEXT_HEADERS.includes(name.toLowerCase()),
  );
  return forwardHeaders(event.headers, [...kept.flat(), ...own, ...trace], CONTEXT_HEADERS);
}

/** A short word for what kept an answer from coming. */
function codeOf(error: unknown, signal: AbortSignal): string {
  if (signal.aborted) return (signal.reason as Error | undefined)?.name ?? 'AbortError';
  return String((error as NodeJS.ErrnoException).code ?? (error as Error).name);
}

function noAnswer(cause: unknown, url: URL, signal: AbortSignal): DestinationError {
  const message = signal.aborted
    ? `${url.host}: aborted before an answer came`
    : describeFailure(cause, url.host);
  const reply = { httpStatus: null, responseExcerpt: null };
  return new DestinationError(message, { reply, permanent: false, retryAfterMs: null }, { cause });
}

import { PermanentError } from '../domain/errors.ts';
import type { WebhookEvent } from '../domain/event.ts';
import type { HandlerEvent } from './target.ts';

/** Gives the event a `payload` that is parsed when it is first asked for: many handlers go by the bytes. */
export function withPayload(event: WebhookEvent): HandlerEvent {
  let parsed: { payload: unknown } | null = null;
  return {
    ...event,
    get payload() {
      parsed ??= { payload: payloadOf(event, parseBody(event)) };
      return parsed.payload;
    },
  };
}

/**
 * A body that is not JSON now will not be at the next try.
 * @throws PermanentError, without the parser's own message, which would quote the body into logs
 */
function parseBody(event: WebhookEvent): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(event.body));
  } catch {
    const type = event.contentType === '' ? 'no content type' : `content type ${event.contentType}`;
    throw new PermanentError(`the event has no payload: its body is not JSON (${type})`);
  }
}

/**
 * The envelope's members say what the receiver has made of them. A provider's body that merely looks like an
 * envelope has its key and type elsewhere, so it is told apart by them.
 */
function payloadOf(event: WebhookEvent, body: unknown): unknown {
  if (!isRecord(body) || !isRecord(body.payload)) return body;
  const isEnvelope = body.idempotency_key === event.idempotencyKey && body.event_type === event.eventType;
  return isEnvelope ? body.payload : body;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

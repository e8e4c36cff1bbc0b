import { PermanentError } from '../domain/errors.ts';
import type { WebhookEvent } from '../domain/event.ts';
import type { HandlerEvent } from './target.ts';

/** Adds a `payload` to the event that is parsed on first access, because many handlers need only the bytes. */
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

const FORM = /^application\/x-www-form-urlencoded\s*(;|$)/i;

/**
 * Parses the body as a form or, whatever its content type, as JSON: some providers send JSON as text/plain.
 * @throws PermanentError, because the next attempt would get the same body; without the parser's message, which would
 *   quote the body into logs
 */
function parseBody(event: WebhookEvent): unknown {
  const isForm = FORM.test(event.contentType);
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(event.body);
    return isForm ? fieldsOf(text) : JSON.parse(text);
  } catch {
    const type = event.contentType === '' ? 'no content type' : `content type ${event.contentType}`;
    const problem = isForm ? 'its body is not UTF-8 text' : 'its body is not JSON';
    throw new PermanentError(`the event has no payload: ${problem} (${type})`);
  }
}

/** The value of a repeated field is an array. */
function fieldsOf(text: string): Record<string, string | string[]> {
  const form = new URLSearchParams(text);
  // Without a prototype, because a field may have any name.
  const fields: Record<string, string | string[]> = Object.create(null);
  for (const name of new Set(form.keys())) {
    const values = form.getAll(name);
    fields[name] = values.length === 1 ? values[0]! : values;
  }
  return fields;
}

/**
 * Unwraps the receiver's own envelope: its key and type are those of the event. A provider's body that only looks like
 * an envelope has other values there.
 */
function payloadOf(event: WebhookEvent, body: unknown): unknown {
  if (!isRecord(body) || !isRecord(body.payload)) return body;
  const isEnvelope = body.idempotency_key === event.idempotencyKey && body.event_type === event.eventType;
  return isEnvelope ? body.payload : body;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

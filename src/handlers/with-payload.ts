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

const FORM = /^application\/x-www-form-urlencoded\s*(;|$)/i;

/**
 * A body that cannot be read now will not be at the next try. Whatever is no form is taken as JSON: some providers
 * send theirs as text/plain.
 * @throws PermanentError, without the parser's own message, which would quote the body into logs
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

/** A field that is repeated is an array of its values. */
function fieldsOf(text: string): Record<string, string | string[]> {
  const form = new URLSearchParams(text);
  // No prototype: a field may have any name.
  const fields: Record<string, string | string[]> = Object.create(null);
  for (const name of new Set(form.keys())) {
    const values = form.getAll(name);
    fields[name] = values.length === 1 ? values[0]! : values;
  }
  return fields;
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

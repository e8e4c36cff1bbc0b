import { PermanentError } from '../domain/errors.ts';
import type { WebhookEvent } from '../domain/event.ts';
import { bodyText } from '../verify/read/body-text.ts';
import type { Fields } from '../verify/read/parse-urlencoded.ts';
import { parseForm, viewOf } from '../verify/read/signed-request.ts';
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

const FORM = 'application/x-www-form-urlencoded';
const MULTIPART = 'multipart/form-data';

/**
 * Parses the body as a form or, whatever its content type, as JSON: some providers send JSON as text/plain. A
 * Content-Encoding is undone, and a byte order mark is passed over.
 * @throws PermanentError, because the next attempt would get the same body; without the parser's message, which would
 *   quote the body into logs
 */
function parseBody(event: WebhookEvent): unknown {
  const { contentType } = event;
  const { content } = viewOf(event);
  if (content === null) throw noPayload(event, 'its Content-Encoding cannot be undone');
  const mediaType = contentType.split(';', 1)[0]!.trim().toLowerCase();
  if (mediaType === MULTIPART) {
    const fields = parseForm(mediaType, contentType, content);
    if (fields === undefined) throw noPayload(event, 'its body is not a form of UTF-8 text');
    return recordOf(fields);
  }
  const text = bodyText(content, contentType);
  if (mediaType === FORM) {
    if (text === null) throw noPayload(event, 'its body is not UTF-8 text');
    return recordOf(fieldsOf(text));
  }
  const json = text === null ? undefined : tryParse(text);
  if (json === undefined) throw noPayload(event, 'its body is not JSON');
  return json;
}

function tryParse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function noPayload({ contentType }: WebhookEvent, problem: string): PermanentError {
  const type = contentType === '' ? 'no content type' : `content type ${contentType}`;
  return new PermanentError(`the event has no payload: ${problem} (${type})`);
}

/** Leniently, as browsers do: nothing is verified by these fields. */
function fieldsOf(text: string): Fields {
  const form = new URLSearchParams(text);
  return new Map([...new Set(form.keys())].map((name) => [name, form.getAll(name)]));
}

/** The value of a repeated field is an array. */
function recordOf(fields: Fields): Record<string, string | readonly string[]> {
  // Without a prototype, because a field may have any name.
  const record: Record<string, string | readonly string[]> = Object.create(null);
  for (const [name, values] of fields) record[name] = values.length === 1 ? values[0]! : values;
  return record;
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

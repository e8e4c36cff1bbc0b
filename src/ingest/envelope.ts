import { isUtf8 } from 'node:buffer';
import { z } from 'zod';

const LONGEST = 255;

/**
 * Counts characters, not UTF-16 units, and takes only text that every store keeps as it is: an unpaired surrogate
 * would be replaced on its way to UTF-8, and two different keys become one.
 */
const name = (what: string) =>
  z
    .string()
    // Zod's own would also complain of the length of an empty array.
    .refine((text) => text !== '', { error: 'Too small: expected string to have >=1 characters' })
    .refine((text) => text.length <= LONGEST || countCharacters(text) <= LONGEST, {
      error: `Too big: expected string to have <=${LONGEST} characters`,
    })
    .refine((text) => text.isWellFormed() && !text.includes('\0'), {
      error: 'Invalid text: expected no NUL and no unpaired surrogates',
    })
    // The same in the words of JSON Schema, for the API's description.
    .meta({ minLength: 1, maxLength: LONGEST, pattern: '^[^\\u0000\\ud800-\\udfff]*$', description: what });

/** A character has two units at most, so that a huge text need not be taken apart. */
function countCharacters(text: string): number {
  return text.length > 2 * LONGEST ? text.length : Array.from(text).length;
}

/** The body of `POST /webhooks`. Further members are kept with the bytes and mean nothing to the receiver. */
export const envelopeSchema = z.looseObject({
  idempotency_key: name("The sender's own name of the event: the same key is the same event."),
  event_type: name('What happened, such as order.created. Destinations choose by it.'),
  // Only its being an object matters here; walking a large payload would cost more than the rest of the accept.
  payload: z
    .custom<Record<string, unknown>>(
      (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
      { error: 'Invalid input: expected object' },
    )
    .meta({ type: 'object', description: 'The event itself.' }),
});

export type FieldError = Readonly<{ field: string; message: string }>;

export type EnvelopeOutcome =
  | Readonly<{ kind: 'envelope'; idempotencyKey: string; eventType: string }>
  | Readonly<{ kind: 'malformed_json'; detail: string }>
  | Readonly<{ kind: 'invalid'; fields: readonly FieldError[] }>;

/** Reads key and type out of the body. `fields` are named by JSON Pointer (RFC 6901). */
export function readEnvelope(body: Uint8Array): EnvelopeOutcome {
  if (!isUtf8(body))
    return { kind: 'malformed_json', detail: 'The body is not UTF-8 text (RFC 8259, section 8.1).' };
  let value: unknown;
  try {
    value = JSON.parse(asBuffer(body).toString());
  } catch (error) {
    return { kind: 'malformed_json', detail: `The body is not JSON: ${describe(error as Error)}.` };
  }
  const parsed = envelopeSchema.safeParse(value);
  if (parsed.success) {
    return {
      kind: 'envelope',
      idempotencyKey: parsed.data.idempotency_key,
      eventType: parsed.data.event_type,
    };
  }
  const fields = parsed.error.issues.map(({ path, message }) => ({
    field: path.map((part) => `/${String(part)}`).join(''),
    message,
  }));
  return { kind: 'invalid', fields };
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** V8 quotes the text around the mistake; payloads do not belong in answers or logs. */
function describe(error: Error): string {
  const position = /position \d+( \(line \d+ column \d+\))?/.exec(error.message);
  return position === null
    ? 'it ends too early or holds a character that JSON has no place for'
    : position[0];
}

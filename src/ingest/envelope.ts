import { isUtf8 } from 'node:buffer';
import { z } from 'zod';
import { LazyJson, readLazyJson } from '../verify/read/lazy-json.ts';
import { BUILT_BYTES_MAX } from '../verify/read/parse-json.ts';

const LONGEST = 255;

/**
 * Counts characters, not UTF-16 units, and accepts only text that every store keeps unchanged: an unpaired surrogate
 * would be replaced in UTF-8, and two different keys would become one.
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

/** A character has at most two units, so a huge text need not be split. */
function countCharacters(text: string): number {
  return text.length > 2 * LONGEST ? text.length : Array.from(text).length;
}

/** The body of `POST /webhooks`. Other members are kept with the bytes and ignored. */
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

/** Reads key and type from the body. `fields` are JSON Pointers (RFC 6901). */
export function readEnvelope(body: Uint8Array): EnvelopeOutcome {
  if (!isUtf8(body))
    return { kind: 'malformed_json', detail: 'The body is not UTF-8 text (RFC 8259, section 8.1).' };
  const read = body.length <= BUILT_BYTES_MAX ? readBuilt(body) : readLarge(body);
  if (!read.ok) return { kind: 'malformed_json', detail: `The body is not JSON: ${read.detail}.` };
  const parsed = envelopeSchema.safeParse(read.value);
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

type Read = Readonly<{ ok: true; value: unknown }> | Readonly<{ ok: false; detail: string }>;

function readBuilt(body: Uint8Array): Read {
  try {
    return { ok: true, value: JSON.parse(asBuffer(body).toString()) };
  } catch (error) {
    return { ok: false, detail: describe(error as Error) };
  }
}

/** Reads the members of the envelope alone: what a large body becomes as a whole could exhaust the memory. */
function readLarge(body: Uint8Array): Read {
  const read = readLazyJson(body);
  if (!read.ok) return { ok: false, detail: describePlace(asBuffer(body), read.offset) };
  const { value } = read;
  if (!(value instanceof LazyJson)) return read;
  if (value.isArray) return { ok: true, value: [] };
  const members = Object.keys(envelopeSchema.shape).flatMap((name) => {
    const member = value.member(name);
    return member === undefined ? [] : [[name, member instanceof LazyJson && member.isArray ? [] : member]];
  });
  return { ok: true, value: Object.fromEntries(members) };
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Without the text around the mistake that V8 quotes: payloads do not belong in answers or logs. */
function describe(error: Error): string {
  const position = /position \d+( \(line \d+ column \d+\))?/.exec(error.message);
  return position === null ? NO_PLACE : position[0];
}

const NO_PLACE = 'it ends too early or holds a character that JSON has no place for';

/** As V8 counts: in UTF-16 units from 0, lines and columns from 1. */
function describePlace(body: Buffer, offset: number): string {
  if (offset >= body.length) return NO_PLACE;
  const before = body.toString('utf8', 0, offset);
  let line = 1;
  for (let at = before.indexOf('\n'); at !== -1; at = before.indexOf('\n', at + 1)) line += 1;
  return `position ${before.length} (line ${line} column ${before.length - before.lastIndexOf('\n')})`;
}

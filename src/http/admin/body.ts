import type { IncomingMessage, ServerResponse } from 'node:http';
import { messageOf } from '../../domain/errors.ts';
import { readBody } from '../ingest/read-body.ts';
import { expectsBody } from '../send-problem.ts';
import { type Refusal, refuse } from './answer.ts';

/** Longest body of a request to the admin surface: room for some 25,000 ids. */
export const ADMIN_BODY_BYTES = 1024 * 1024;
/** Bodies of the admin surface in memory at once, over all requests. */
const BUDGET = { maxBytesInFlight: 16 * ADMIN_BODY_BYTES, bytesInFlight: 0 };

/** Longest body of an import: one event of the longest body that a provider sends, in base64. */
export const IMPORT_BODY_BYTES = 48 * 1024 * 1024;
const LARGE_BUDGET = { maxBytesInFlight: 2 * IMPORT_BODY_BYTES, bytesInFlight: 0 };

const JSON_TYPE = /^application\/(?:[\w.-]+\+)?json(?:\s*;|$)/i;

export type AdminBody =
  | Readonly<{ kind: 'body'; value: unknown }>
  | Refusal
  /** The client is gone. */
  | Readonly<{ kind: 'aborted' }>;

/** Reads the JSON of a request; without a body it is an empty object. */
export async function readAdminBody(
  request: IncomingMessage,
  response: ServerResponse,
  maxBytes = ADMIN_BODY_BYTES,
): Promise<AdminBody> {
  if (!expectsBody(request)) return { kind: 'body', value: {} };
  const type = request.headers['content-type'] ?? '';
  if (!JSON_TYPE.test(type)) {
    return refuse('unsupported_media_type', 'Send JSON, with Content-Type: application/json.');
  }
  const collected = await collectBody(request, response, maxBytes);
  return collected.kind === 'bytes' ? parse(collected.bytes) : collected;
}

/** Reads the bytes of a body up to a limit. */
export async function collectBody(
  request: IncomingMessage,
  response: ServerResponse,
  maxBytes = ADMIN_BODY_BYTES,
): Promise<Readonly<{ kind: 'bytes'; bytes: Uint8Array }> | Exclude<AdminBody, { kind: 'body' }>> {
  if (!expectsBody(request)) return { kind: 'bytes', bytes: new Uint8Array() };
  const budget = maxBytes > ADMIN_BODY_BYTES ? LARGE_BUDGET : BUDGET;
  if (request.headers.expect !== undefined) response.writeContinue();
  const outcome = await new Promise<Parameters<Parameters<typeof readBody>[3]>[0]>((resolve) =>
    readBody(request, budget, maxBytes, resolve),
  );
  switch (outcome.kind) {
    case 'body':
      budget.bytesInFlight -= outcome.body.length;
      return { kind: 'bytes', bytes: outcome.body };
    case 'too_large':
      return refuse('too_large', `The body is longer than ${maxBytes} bytes.`);
    case 'overloaded':
      return refuse('overloaded', 'Too many bytes of other bodies are in memory.');
    case 'aborted':
      return outcome;
  }
}

function parse(body: Uint8Array): AdminBody {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(body);
    return { kind: 'body', value: text.trim() === '' ? {} : JSON.parse(text) };
  } catch (error) {
    return refuse('malformed_json', `The body is not JSON: ${messageOf(error)}.`);
  }
}

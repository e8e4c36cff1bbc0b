import { STATUS_CODES } from 'node:http';
import type { FieldError } from '../ingest/envelope.ts';

/** Every problem code with its status. Codes are stable: clients depend on them. */
export const PROBLEMS = {
  malformed_json: { status: 400, title: 'The body is not JSON' },
  bad_request: { status: 400, title: 'The request cannot be read' },
  unauthorized: { status: 401, title: 'A valid token is needed' },
  unverified: { status: 401, title: 'The request could not be verified' },
  forbidden: { status: 403, title: 'The role does not allow this' },
  handshake_refused: { status: 403, title: 'The handshake is refused' },
  not_found: { status: 404, title: 'There is nothing here' },
  unknown_source: { status: 404, title: 'No such source' },
  method_not_allowed: { status: 405, title: 'The method does not apply here' },
  request_timeout: { status: 408, title: 'The request took too long to arrive' },
  not_terminal: { status: 409, title: 'The delivery is still open' },
  already_replayed: { status: 409, title: 'The delivery was replayed before' },
  count_differs: { status: 409, title: 'The number of events is another one' },
  plan_expired: { status: 409, title: 'The plan is no longer valid' },
  operation_state: { status: 409, title: 'The operation does not allow this now' },
  not_reloadable: { status: 409, title: 'There is no configuration to read again' },
  erased: { status: 410, title: 'The event is erased' },
  too_large: { status: 413, title: 'The body is too large' },
  unsupported_media_type: { status: 415, title: 'The body must be JSON' },
  config_invalid: { status: 422, title: 'The configuration has mistakes' },
  invalid: { status: 422, title: 'The request does not have the expected shape' },
  queue_full: { status: 429, title: 'The queue is full' },
  disk_low: { status: 429, title: 'The disk is nearly full' },
  headers_too_large: { status: 431, title: 'The headers are too large' },
  internal: { status: 500, title: 'Something went wrong here' },
  unsupported_transfer_coding: { status: 501, title: 'The transfer coding is not supported' },
  overloaded: { status: 503, title: 'Too much is under way' },
  keys_unavailable: { status: 503, title: 'The keys to verify with are not there' },
  store_error: { status: 503, title: 'The event could not be stored' },
  shutting_down: { status: 503, title: 'The receiver is shutting down' },
} as const;
export type ProblemCode = keyof typeof PROBLEMS;

/** The Retry-After of each code that has one, in seconds. */
const RETRY_AFTER_SECONDS: Readonly<Partial<Record<ProblemCode, number>>> = {
  queue_full: 5,
  disk_low: 30,
  overloaded: 1,
  keys_unavailable: 5,
  store_error: 5,
  shutting_down: 5,
};

export type ProblemReply = Readonly<{
  status: number;
  headers: Readonly<Record<string, string>>;
  body: string;
}>;

/** What a problem says to programs besides its code. */
export type ProblemMembers = Readonly<{ replay_id?: string }>;

/**
 * A reply in problem details form (RFC 9457).
 * @param errors the invalid fields, for a validation failure
 */
export function problemReply(
  code: ProblemCode,
  detail: string,
  errors?: readonly FieldError[],
  members?: ProblemMembers,
): ProblemReply {
  const { status, title } = PROBLEMS[code];
  const body = JSON.stringify({
    type: `urn:webhook-receiver:problem:${code}`,
    title,
    status,
    detail,
    code,
    errors,
    ...members,
  });
  const retryAfter = RETRY_AFTER_SECONDS[code];
  return {
    status,
    headers: {
      'content-type': 'application/problem+json',
      'content-length': String(Buffer.byteLength(body)),
      'x-content-type-options': 'nosniff',
      ...(retryAfter === undefined ? {} : { 'retry-after': String(retryAfter) }),
    },
    body,
  };
}

/** A whole HTTP response for a bare socket, for input that never became a request. */
export function rawProblem(code: ProblemCode, detail: string): string {
  const { status, headers, body } = problemReply(code, detail);
  const lines = Object.entries({ ...headers, connection: 'close' }).map(
    ([name, value]) => `${name}: ${value}\r\n`,
  );
  return `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${lines.join('')}\r\n${body}`;
}

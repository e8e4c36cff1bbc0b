import type { IncomingMessage } from 'node:http';
import type { RejectionReason } from '../../events.ts';
import type { AcceptOutcome } from '../../ingest/accept.ts';
import type { FieldError } from '../../ingest/envelope.ts';
import type { ProblemCode } from '../problem.ts';

/** Why a request is not accepted: the reason for metrics and logs, the code and detail for its sender. */
export type Rejection = Readonly<{
  reason: RejectionReason;
  /** Null once the sender is gone. */
  code: ProblemCode | null;
  detail: string;
  fields?: readonly FieldError[];
}>;

export const UNKNOWN_SOURCE: Rejection = refusal('unknown_source', 'No source of that name is configured.');

export const SHUTTING_DOWN: Rejection = refusal(
  'shutting_down',
  'No events are taken now; send this one again.',
);

/** A rejection whose problem code equals its reason. */
export function refusal(
  reason: RejectionReason & ProblemCode,
  detail: string,
  fields?: readonly FieldError[],
): Rejection {
  return { reason, code: reason, detail, ...(fields !== undefined && { fields }) };
}

/**
 * Refuses what the headers alone show to be unacceptable, so that the body is never read.
 * @param anyType whether any content type and encoding will do: a signature covers bytes of any kind
 */
export function refuseEarly(
  { headers }: IncomingMessage,
  maxBodyBytes: number,
  isOpen: boolean,
  anyType: boolean,
): Rejection | null {
  if (!isOpen) return SHUTTING_DOWN;
  const contentType = headers['content-type'] ?? '';
  if (!anyType && !isJson(contentType)) {
    const got = contentType === '' ? 'there is none' : 'it is another';
    return refusal('unsupported_media_type', `The content type must be application/json; ${got}.`);
  }
  const encoding = headers['content-encoding'];
  if (!anyType && encoding !== undefined && encoding.toLowerCase() !== 'identity') {
    return refusal('unsupported_media_type', 'The body must come without a content encoding.');
  }
  const length = headers['content-length'];
  if (length !== undefined && Number(length) > maxBodyBytes) return unreadable('too_large', maxBodyBytes);
  return null;
}

function isJson(contentType: string): boolean {
  if (contentType === 'application/json') return true;
  const type = contentType.split(';', 1)[0]!.trim().toLowerCase();
  return type === 'application/json' || (type.startsWith('application/') && type.endsWith('+json'));
}

/** Why a body could not be read to its end. */
export function unreadable(kind: 'too_large' | 'overloaded' | 'aborted', maxBodyBytes: number): Rejection {
  switch (kind) {
    case 'too_large':
      return refusal(
        kind,
        `The body may have up to ${maxBodyBytes} bytes (MAX_BODY_BYTES, or maxBodyBytes of the source).`,
      );
    case 'overloaded':
      return refusal(kind, 'As many bytes as may be are being received; send this event again.');
    case 'aborted':
      return { reason: kind, code: null, detail: 'The connection ended before the body did.' };
  }
}

type Refused = Extract<
  AcceptOutcome,
  { kind: 'malformed_json' | 'invalid' | 'rejected' | 'keys_unavailable' }
>;

/** The refusal of a request that was read. */
export function refusalOf(outcome: Refused): Rejection {
  switch (outcome.kind) {
    case 'malformed_json':
    case 'keys_unavailable':
      return refusal(outcome.kind, outcome.detail);
    case 'invalid': {
      const names = outcome.fields.map(({ field }) => field || 'the body').join(', ');
      return refusal(outcome.kind, `Wrong: ${names}.`, outcome.fields);
    }
    case 'rejected':
      return unverified(outcome);
  }
}

/** A missing secret is the receiver's fault, not the sender's: the sender should retry. */
function unverified({ reason, detail }: Extract<Refused, { kind: 'rejected' }>): Rejection {
  const isOurs = reason === 'no_secret' || reason === 'misconfigured';
  return { reason, code: isOurs ? 'keys_unavailable' : 'unverified', detail };
}

import type { Readable } from 'node:stream';
import type { FieldError } from '../../ingest/envelope.ts';
import type { ProblemCode, ProblemMembers } from '../problem.ts';

/** What an endpoint of the admin surface answers; `body` undefined: none. */
export type AdminAnswer =
  | Readonly<{ kind: 'done'; status: number; body: object | undefined }>
  /** Sent as it comes; it is destroyed when the client is gone. */
  | Readonly<{ kind: 'stream'; mediaType: string; body: Readable }>
  | Readonly<{
      kind: 'refused';
      code: ProblemCode;
      detail: string;
      errors: readonly FieldError[] | undefined;
      members: ProblemMembers | undefined;
      /** What the audit names as the target; undefined: what the path names. */
      target: string | undefined;
    }>;

export type Refusal = Extract<AdminAnswer, { kind: 'refused' }>;

export function done(body: object, status = 200): AdminAnswer {
  return { kind: 'done', status, body };
}

export function stream(mediaType: string, body: Readable): AdminAnswer {
  return { kind: 'stream', mediaType, body };
}

export function doneWithoutBody(): AdminAnswer {
  return { kind: 'done', status: 204, body: undefined };
}

/** A problem reply. The refusal of an action is written to the audit. */
export function refuse(
  code: ProblemCode,
  detail: string,
  more: Readonly<{ errors?: readonly FieldError[]; members?: ProblemMembers; target?: string }> = {},
): Refusal {
  const { errors, members, target } = more;
  return { kind: 'refused', code, detail, errors, members, target };
}

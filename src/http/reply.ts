import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import type { FieldError } from '../ingest/envelope.ts';
import { nearest } from '../schema/nearest.ts';
import { type ProblemCode, type ProblemMembers, problemReply } from './problem.ts';
import { sendProblem } from './send-problem.ts';

/** Answers a request of the framework with a problem, in the same way as ingest. */
export function replyProblem(
  reply: FastifyReply,
  code: ProblemCode,
  detail: string,
  errors?: readonly FieldError[],
  members?: ProblemMembers,
): FastifyReply {
  for (const [name, value] of Object.entries(reply.getHeaders())) {
    if (value !== undefined) reply.raw.setHeader(name, value);
  }
  reply.hijack();
  sendProblem(reply.raw, problemReply(code, detail, errors, members));
  return reply;
}

/**
 * Answers a request whose query fails its schema.
 * @param schema names the parameters that there are
 */
export function replyInvalidQuery(
  reply: FastifyReply,
  detail: string,
  error: z.ZodError,
  schema: z.ZodObject,
): FastifyReply {
  return replyProblem(reply, 'invalid', detail, fieldErrors(error, schema, 'parameter'));
}

/**
 * The fields of a request that fail its schema.
 * @param schema names the fields that there are
 * @param word what a field is called
 */
export function fieldErrors(
  { issues }: z.ZodError,
  schema: z.ZodType,
  word: 'parameter' | 'member',
): FieldError[] {
  const known = schema instanceof z.ZodObject ? Object.keys(schema.shape) : [];
  return issues.flatMap((issue) =>
    issue.code === 'unrecognized_keys'
      ? issue.keys.map((key) =>
          unknownField([...issue.path, key], issue.path.length === 0 ? known : [], word),
        )
      : { field: pointerTo(...issue.path), message: issue.message },
  );
}

/** The parameters of a request that takes none: it would be answered otherwise than meant. */
export function unknownParameters(query: object): FieldError[] {
  return Object.keys(query).map((name) => unknownField([name], [], 'parameter'));
}

function unknownField(path: readonly PropertyKey[], known: readonly string[], word: string): FieldError {
  const meant = nearest(String(path.at(-1)), known);
  return {
    field: pointerTo(...path),
    message: meant === null ? `not a known ${word}` : `not a known ${word}, the nearest is ${meant}`,
  };
}

/** A JSON Pointer (RFC 6901). */
function pointerTo(...path: readonly PropertyKey[]): string {
  return path.map((part) => `/${String(part).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}

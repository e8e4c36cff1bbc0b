import type { FastifyReply, FastifyRequest } from 'fastify';
import type { z } from 'zod';
import type { FieldError } from '../ingest/envelope.ts';
import { nearest } from '../schema/nearest.ts';
import { type ProblemCode, problemReply } from './problem.ts';
import { sendProblem } from './send-problem.ts';

/** Answers a request of the framework with a problem, in the same way as ingest. */
export function replyProblem(
  reply: FastifyReply,
  code: ProblemCode,
  detail: string,
  errors?: readonly FieldError[],
): FastifyReply {
  for (const [name, value] of Object.entries(reply.getHeaders())) {
    if (value !== undefined) reply.raw.setHeader(name, value);
  }
  reply.hijack();
  sendProblem(reply.raw, problemReply(code, detail, errors));
  return reply;
}

/**
 * Answers a request whose query fails its schema.
 * @param schema names the parameters that there are
 */
export function replyInvalidQuery(
  reply: FastifyReply,
  detail: string,
  { issues }: z.ZodError,
  schema: z.ZodObject,
): FastifyReply {
  const known = Object.keys(schema.shape);
  const errors = issues.flatMap((issue) =>
    issue.code === 'unrecognized_keys'
      ? issue.keys.map((key) => unknownParameter(key, known))
      : { field: pointerTo(...issue.path), message: issue.message },
  );
  return replyProblem(reply, 'invalid', detail, errors);
}

/** A hook for routes without query parameters: refuses a request that has some, as it would be answered otherwise than meant. */
export async function refuseQuery(request: FastifyRequest, reply: FastifyReply): Promise<void> {
  const names = Object.keys(request.query as object);
  if (names.length === 0) return;
  replyProblem(
    reply,
    'invalid',
    'There are no query parameters here.',
    names.map((name) => unknownParameter(name, [])),
  );
}

function unknownParameter(name: string, known: readonly string[]): FieldError {
  const meant = nearest(name, known);
  return {
    field: pointerTo(name),
    message: meant === null ? 'not a known parameter' : `not a known parameter, the nearest is ${meant}`,
  };
}

/** A JSON Pointer (RFC 6901). */
function pointerTo(...path: readonly PropertyKey[]): string {
  return path.map((part) => `/${String(part).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}

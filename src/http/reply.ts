import type { FastifyReply } from 'fastify';
import type { FieldError } from '../ingest/envelope.ts';
import { type ProblemCode, problemReply } from './problem.ts';

/** Sends a problem reply through the framework. */
export function replyProblem(
  reply: FastifyReply,
  code: ProblemCode,
  detail: string,
  errors?: readonly FieldError[],
): FastifyReply {
  const { status, headers, body } = problemReply(code, detail, errors);
  return reply.code(status).headers(headers).send(body);
}

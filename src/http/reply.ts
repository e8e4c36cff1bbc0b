import type { FastifyReply } from 'fastify';
import type { FieldError } from '../ingest/envelope.ts';
import { type ProblemCode, problemReply } from './problem.ts';
import { sendProblem } from './send-problem.ts';

/** Answers a request of the framework's with a problem, in just the way that ingest does. */
export function replyProblem(
  reply: FastifyReply,
  code: ProblemCode,
  detail: string,
  errors?: readonly FieldError[],
): FastifyReply {
  reply.hijack();
  sendProblem(reply.raw, problemReply(code, detail, errors));
  return reply;
}

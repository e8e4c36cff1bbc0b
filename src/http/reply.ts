import type { FastifyReply } from 'fastify';
import type { z } from 'zod';
import type { FieldError } from '../ingest/envelope.ts';
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

/** Answers a request whose query fails its schema. */
export function replyInvalidQuery(reply: FastifyReply, detail: string, { issues }: z.ZodError): FastifyReply {
  const errors = issues.map(({ path, message }) => ({ field: `/${path.join('/')}`, message }));
  return replyProblem(reply, 'invalid', detail, errors);
}

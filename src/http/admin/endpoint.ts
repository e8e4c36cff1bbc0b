import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { z } from 'zod';
import {
  type Actor,
  type AuditAction,
  type AuditDetail,
  type AuditEntry,
  toAuditText,
} from '../../domain/audit.ts';
import { mayActAs } from '../../domain/role.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { AuditStore } from '../../store/store.ts';
import { fieldErrors, replyProblem, unknownParameters } from '../reply.ts';
import { type Access, ADMIN_ACCESS, type EndpointName, isEndpoint } from './access.ts';
import { type AdminAnswer, type Refusal, refuse } from './answer.ts';
import { readAdminBody } from './body.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Who sent a request to the admin surface. */
    actor: Actor;
  }
}

/** A request to an endpoint: the caller may use it, and its query and body have the declared shapes. */
export type AdminRequest<Query, Body> = Readonly<{
  actor: Actor;
  /** The values of the path's parameters. */
  params: Readonly<Record<string, string>>;
  query: Query;
  body: Body;
  /** The Accept header of the request. */
  accept: string;
  /** An entry for the audit: the caller does to the target what the endpoint is for. */
  audit(target: string, detail?: Readonly<{ before?: AuditDetail; after?: AuditDetail }>): AuditEntry;
}>;

/** A shape that a request must have, and the sentence that tells how to ask. */
type Expected<Schema> = Readonly<{ schema: Schema; asks: string }>;

/** What an endpoint takes; without a query it refuses one, without a body it reads none. */
type Takes<Query extends z.ZodObject, Body extends z.ZodType> = Readonly<{
  query?: Expected<Query>;
  body?: Expected<Body>;
}>;

/** Registers an endpoint of ADMIN_ACCESS. */
export type AddEndpoint = <
  Query extends z.ZodObject = z.ZodObject<Record<never, never>>,
  Body extends z.ZodType = z.ZodUndefined,
>(
  name: EndpointName,
  takes: Takes<Query, Body>,
  handle: (request: AdminRequest<z.output<Query>, z.output<Body>>) => Promise<AdminAnswer>,
) => void;

export type EndpointParts = Readonly<{ store: Pick<AuditStore, 'appendAudit'>; clock: Clock }>;

/**
 * Makes the function that registers endpoints. What is the same for all is here: the role, the shapes of query and body, and
 * the audit of what was refused.
 */
export function createAddEndpoint(admin: FastifyInstance, parts: EndpointParts): AddEndpoint {
  admin.addHook('onRoute', ({ method, url }) => {
    if (isEndpoint(String(method), url)) return;
    throw new Error(`${method} ${url} has no role: add it to ADMIN_ACCESS`);
  });
  return (name, takes, handle) => {
    const [method, url] = name.split(' ') as [string, string];
    const access: Access = ADMIN_ACCESS[name];
    admin.route({
      method,
      url,
      handler: async (request, reply) => {
        const action = actionOf(request, access);
        const call = createCall(request, action, parts.clock);
        const answer = await answerCall(request, reply, access, takes, (query, body) =>
          handle({ ...call, query, body } as Parameters<typeof handle>[0]),
        );
        if (answer === null) return reply.hijack();
        if (answer.kind === 'stream') return reply.type(answer.mediaType).send(answer.body);
        if (answer.kind === 'done') return reply.code(answer.status).send(answer.body);
        const { code, detail, errors, members } = answer;
        const target = answer.target ?? targetOf(request);
        // Before the answer: whoever reads it may look for the row.
        if (action !== null) {
          await parts.store.appendAudit(call.audit(target, { after: { refused: code } }));
        }
        return replyProblem(reply, code, detail, errors, members);
      },
    });
  };
}

/** @returns null when the client is gone */
async function answerCall(
  request: FastifyRequest,
  reply: FastifyReply,
  { role }: Access,
  takes: Takes<z.ZodObject, z.ZodType>,
  handle: (query: unknown, body: unknown) => Promise<AdminAnswer>,
): Promise<AdminAnswer | null> {
  const { actor } = request;
  if (actor.role === 'system' || !mayActAs(actor.role, role)) {
    return refuse('forbidden', `This takes the role ${role}; the token of ${actor.name} has ${actor.role}.`);
  }
  const query = checkQuery(request, takes.query);
  if (query.kind === 'refused') return query;
  if (takes.body === undefined) return handle(query.value, undefined);
  const read = await readAdminBody(request.raw, reply.raw);
  if (read.kind === 'aborted') return null;
  if (read.kind === 'refused') return read;
  const body = takes.body.schema.safeParse(read.value);
  if (body.success) return handle(query.value, body.data);
  const errors = fieldErrors(body.error, takes.body.schema, 'member');
  return refuse('invalid', takes.body.asks, { errors });
}

function checkQuery(
  { query }: FastifyRequest,
  expected: Expected<z.ZodObject> | undefined,
): Refusal | Readonly<{ kind: 'query'; value: unknown }> {
  if (expected === undefined) {
    const errors = unknownParameters(query as object);
    if (errors.length > 0) return refuse('invalid', 'There are no query parameters here.', { errors });
    return { kind: 'query', value: {} };
  }
  const parsed = expected.schema.safeParse(query);
  if (parsed.success) return { kind: 'query', value: parsed.data };
  return refuse('invalid', expected.asks, {
    errors: fieldErrors(parsed.error, expected.schema, 'parameter'),
  });
}

/** What the request is called in the audit: what only shows something may also reveal it. */
function actionOf({ query }: FastifyRequest, { action, revealAs }: Access): AuditAction | null {
  return (
    action ?? ((query as Readonly<Record<string, unknown>>).reveal === 'true' ? (revealAs ?? null) : null)
  );
}

function createCall(request: FastifyRequest, action: AuditAction | null, clock: Clock) {
  const { actor } = request;
  return {
    actor,
    accept: request.headers.accept ?? '',
    params: request.params as Readonly<Record<string, string>>,
    audit(target: string, detail: Readonly<{ before?: AuditDetail; after?: AuditDetail }> = {}): AuditEntry {
      if (action === null) throw new Error('the endpoint has no action: name it in ADMIN_ACCESS');
      const { before = null, after = null } = detail;
      return { atMs: clock.nowMs(), actor, action, target: toAuditText(target), before, after };
    },
  };
}

/** What the path names, for a refusal that comes before anything else is known. */
function targetOf({ params }: FastifyRequest): string {
  return Object.values(params as Readonly<Record<string, string>>).join('/');
}

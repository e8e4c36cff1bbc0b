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
import type { Emit } from '../../events.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { AuditStore } from '../../store/store.ts';
import { fieldErrors, replyProblem, unknownParameters } from '../reply.ts';
import { type Access, ADMIN_ACCESS, type EndpointName, isEndpoint } from './access.ts';
import { type AdminAnswer, type Refusal, refuse } from './answer.ts';
import { type AdminBody, IMPORT_BODY_BYTES, readAdminBody } from './body.ts';
import { createRefusals } from './refusals.ts';

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

export type EndpointParts = Readonly<{
  store: Pick<AuditStore, 'appendAudit'>;
  clock: Clock;
  emit: Emit;
}>;

/** A call of an endpoint, over HTTP or from a page of the console. */
export type EndpointCall = Readonly<{
  actor: Actor;
  /** The values of the path's parameters. */
  params: Readonly<Record<string, string>>;
  /** Texts by the names of the parameters. */
  query: Readonly<Record<string, unknown>>;
  /** What is read only by an endpoint that takes a body. */
  readBody: () => Promise<AdminBody>;
  accept?: string;
}>;

/** Calls an endpoint. Resolves to null when the client is gone. */
export type CallEndpoint = (name: EndpointName, call: EndpointCall) => Promise<AdminAnswer | null>;

/** The endpoints of the admin surface, by name. */
export type Endpoints = Readonly<{
  add: AddEndpoint;
  call: CallEndpoint;
  names: () => EndpointName[];
  /** Writes what refusals are still to be told of. */
  close: () => Promise<void>;
}>;

type AnyEndpoint = Readonly<{
  takes: Takes<z.ZodObject, z.ZodType>;
  handle: (request: AdminRequest<unknown, unknown>) => Promise<AdminAnswer>;
}>;

/**
 * Collects the endpoints. What is the same for all is here: the role, the shapes of query and body, and the audit of what was
 * refused. Whoever calls one has found out who asks.
 */
export function createEndpoints({ store, clock, emit }: EndpointParts): Endpoints {
  const endpoints = new Map<EndpointName, AnyEndpoint>();
  const refusals = createRefusals(store, clock, emit);
  return {
    close: () => refusals.end(),
    names: () => [...endpoints.keys()],
    add: (name, takes, handle) => {
      endpoints.set(name, { takes, handle: handle as AnyEndpoint['handle'] });
    },
    async call(name, call) {
      const { takes, handle } = endpoints.get(name)!;
      const access: Access = ADMIN_ACCESS[name];
      const action = actionOf(call, access);
      const request = createRequest(call, action, clock);
      const answer = await answerCall(call, access, takes, (query, body) =>
        handle({ ...request, query, body }),
      );
      if (answer?.kind !== 'refused' || action === null) return answer;
      // Before the answer: whoever reads it may look for the row.
      const target = answer.target ?? targetOf(call);
      const entry = request.audit(target, { after: { refused: answer.code } });
      await (answer.code === 'forbidden' ? refusals.tell(name, entry) : store.appendAudit(entry));
      return answer;
    },
  };
}

/** Serves the endpoints; the hooks of the surface have set the actor of each request. */
export function serveEndpoints(admin: FastifyInstance, { names, call, close }: Endpoints): void {
  admin.addHook('onRoute', ({ method, url }) => {
    if (isEndpoint(String(method), url)) return;
    throw new Error(`${method} ${url} has no role: add it to ADMIN_ACCESS`);
  });
  // The server closes before the store does.
  admin.addHook('onClose', close);
  for (const name of names()) {
    const [method, url] = name.split(' ') as [string, string];
    admin.route({
      method,
      url,
      handler: async (request, reply) => send(await call(name, callOf(name, request, reply)), reply),
    });
  }
}

function callOf(name: EndpointName, request: FastifyRequest, reply: FastifyReply): EndpointCall {
  return {
    actor: request.actor,
    params: request.params as EndpointCall['params'],
    query: request.query as EndpointCall['query'],
    readBody: () =>
      readAdminBody(request.raw, reply.raw, name === 'POST /admin/import' ? IMPORT_BODY_BYTES : undefined),
    accept: request.headers.accept ?? '',
  };
}

function send(answer: AdminAnswer | null, reply: FastifyReply): FastifyReply {
  if (answer === null) return reply.hijack();
  if (answer.kind === 'stream') return reply.type(answer.mediaType).send(answer.body);
  if (answer.kind === 'done') return reply.code(answer.status).send(answer.body);
  const { code, detail, errors, members } = answer;
  return replyProblem(reply, code, detail, errors, members);
}

/** @returns null when the client is gone */
async function answerCall(
  { actor, query: asked, readBody }: EndpointCall,
  { role }: Access,
  takes: Takes<z.ZodObject, z.ZodType>,
  handle: (query: unknown, body: unknown) => Promise<AdminAnswer>,
): Promise<AdminAnswer | null> {
  if (actor.role === 'system' || !mayActAs(actor.role, role)) {
    return refuse('forbidden', `This takes the role ${role}; the token of ${actor.name} has ${actor.role}.`);
  }
  const query = checkQuery(asked, takes.query);
  if (query.kind === 'refused') return query;
  if (takes.body === undefined) return handle(query.value, undefined);
  const read = await readBody();
  if (read.kind === 'aborted') return null;
  if (read.kind === 'refused') return read;
  const body = takes.body.schema.safeParse(read.value);
  if (body.success) return handle(query.value, body.data);
  const errors = fieldErrors(body.error, takes.body.schema, 'member');
  return refuse('invalid', takes.body.asks, { errors });
}

function checkQuery(
  query: EndpointCall['query'],
  expected: Expected<z.ZodObject> | undefined,
): Refusal | Readonly<{ kind: 'query'; value: unknown }> {
  if (expected === undefined) {
    const errors = unknownParameters(query);
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
function actionOf({ query }: EndpointCall, { action, revealAs }: Access): AuditAction | null {
  return action ?? (query.reveal === 'true' ? (revealAs ?? null) : null);
}

function createRequest(
  { actor, params, accept = '' }: EndpointCall,
  action: AuditAction | null,
  clock: Clock,
) {
  return {
    actor,
    accept,
    params,
    audit(target: string, detail: Readonly<{ before?: AuditDetail; after?: AuditDetail }> = {}): AuditEntry {
      if (action === null) throw new Error('the endpoint has no action: name it in ADMIN_ACCESS');
      const { before = null, after = null } = detail;
      return { atMs: clock.nowMs(), actor, action, target: toAuditText(target), before, after };
    },
  };
}

/** What the path names, for a refusal that comes before anything else is known. */
function targetOf({ params }: EndpointCall): string {
  return Object.values(params).join('/');
}

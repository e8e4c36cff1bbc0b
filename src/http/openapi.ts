import { z } from 'zod';
import { envelopeSchema } from '../ingest/envelope.ts';
import { PROBLEMS, type ProblemCode } from './problem.ts';
import {
  deadLettersSchema,
  deliverySchema,
  eventDetailsSchema,
  eventSchema,
  healthSchema,
  keyQuerySchema,
  pageQuerySchema,
  problemSchema,
  receiptSchema,
} from './schemas.ts';

const COMPONENTS = {
  Envelope: envelopeSchema,
  Receipt: receiptSchema,
  Event: eventSchema,
  Problem: problemSchema,
  Health: healthSchema,
  EventDetails: eventDetailsSchema,
  Delivery: deliverySchema,
  DeadLetters: deadLettersSchema,
};

type Response = Readonly<{ description: string; content?: object; headers?: object }>;

/**
 * The OpenAPI 3.1 document. Its schemas are those that validate the requests, turned into JSON Schema, so it cannot
 * say something else than the program does.
 */
export function openApiDocument(version: string): Record<string, unknown> {
  return {
    openapi: '3.1.0',
    info: {
      title: 'webhook-receiver',
      version,
      description: 'A durable inbox for webhooks: a 2xx means that the event is on disk.',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: '/' }],
    paths: {
      '/webhooks': { post: ingestOperation('postWebhook', 'Post an event', []), get: byKeyOperation() },
      // One template: OpenAPI takes two that differ in the parameter's name alone for the same path.
      '/webhooks/{name}': {
        post: ingestOperation('postSourceWebhook', 'Post an event to a source of the configuration', [
          pathParameter('Name of the source.', { type: 'string' }),
        ]),
        get: byIdOperation(),
      },
      '/health': { get: healthOperation() },
      '/ready': { get: readyOperation() },
      '/metrics': { get: textOperation('getMetrics', 'Metrics in the Prometheus text format', 'text/plain') },
      '/openapi.json': { get: documentOperation() },
      '/docs': { get: textOperation('getDocs', 'This reference, to read and to try out', 'text/html') },
      '/admin/webhooks/{name}': { get: detailsOperation() },
      '/admin/dead-letters': { get: deadLettersOperation() },
      '/admin/deliveries/{name}/replay': { post: replayOperation() },
    },
    components: {
      securitySchemes: { adminToken: { type: 'http', scheme: 'bearer', description: 'ADMIN_TOKEN.' } },
      schemas: Object.fromEntries(Object.entries(COMPONENTS).map(([k, s]) => [k, jsonSchema(s)])),
    },
  };
}

function jsonSchema(schema: z.ZodType): object {
  const { $schema: _dialect, ...rest } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
  return rest;
}

const ref = (name: keyof typeof COMPONENTS) => ({ $ref: `#/components/schemas/${name}` });
const json = (description: string, schema: object): Response => ({
  description,
  content: { 'application/json': { schema } },
});

/** The problem replies of an operation; several codes may share a status. */
function problems(...codes: readonly ProblemCode[]): Record<string, Response> {
  const byStatus = Map.groupBy(codes, (code) => PROBLEMS[code].status);
  return Object.fromEntries(
    [...byStatus].map(([status, group]) => [
      String(status),
      {
        description: group.map((code) => `${PROBLEMS[code].title} (\`${code}\`).`).join(' '),
        content: { 'application/problem+json': { schema: ref('Problem') } },
        ...(status === 429 || status === 503
          ? { headers: { 'Retry-After': { description: 'Seconds.', schema: { type: 'integer' } } } }
          : {}),
      },
    ]),
  );
}

const EXAMPLE = {
  idempotency_key: 'order-1001-created',
  event_type: 'order.created',
  payload: { order: 1001, total: '12.50', currency: 'EUR' },
};

/** What any request may be answered, whatever it asks for. */
const ANYWHERE = ['bad_request', 'request_timeout', 'headers_too_large', 'internal'] as const;

function pathParameter(description: string, schema: object): object {
  return { name: 'name', in: 'path', required: true, description, schema };
}

function ingestOperation(operationId: string, summary: string, parameters: object[]): object {
  return {
    operationId,
    summary,
    tags: ['webhooks'],
    parameters,
    requestBody: {
      description: 'Any media type of JSON will do, such as `application/cloudevents+json`.',
      required: true,
      content: { 'application/json': { schema: ref('Envelope'), example: EXAMPLE } },
    },
    responses: {
      '202': json('New: it is on disk and will be processed.', ref('Receipt')),
      '200': json('Known by its key: its current status. It is not processed again.', ref('Receipt')),
      ...problems(
        ...ANYWHERE,
        'malformed_json',
        'unknown_source',
        'too_large',
        'unsupported_media_type',
        'invalid',
        'queue_full',
        'overloaded',
        'store_error',
        'shutting_down',
      ),
    },
  };
}

function byIdOperation(): object {
  return {
    operationId: 'getWebhook',
    summary: 'The status of an event, by id',
    tags: ['webhooks'],
    parameters: [pathParameter('Id of the event.', { type: 'string', format: 'uuid' })],
    responses: {
      '200': json('The event.', ref('Event')),
      ...problems(...ANYWHERE, 'not_found', 'store_error'),
    },
  };
}

/** The parameters of a query as its schema describes them. */
function queryParameters(schema: z.ZodType): object[] {
  const { properties, required = [] } = jsonSchema(schema) as { properties: object; required?: string[] };
  return Object.entries(properties).map(([name, property]) => ({
    name,
    in: 'query',
    required: required.includes(name),
    schema: property,
  }));
}

function byKeyOperation(): object {
  return {
    operationId: 'findWebhook',
    summary: 'The status of an event, by idempotency key',
    tags: ['webhooks'],
    parameters: queryParameters(keyQuerySchema),
    responses: {
      '200': json('The event.', ref('Event')),
      ...problems(...ANYWHERE, 'not_found', 'invalid', 'store_error'),
    },
  };
}

function healthOperation(): object {
  return {
    operationId: 'getHealth',
    summary: 'Whether the process lives',
    tags: ['operations'],
    responses: { '200': json('It does.', ref('Health')), ...problems(...ANYWHERE) },
  };
}

function readyOperation(): object {
  return {
    operationId: 'getReady',
    summary: 'Whether the receiver can do its work',
    tags: ['operations'],
    responses: {
      '200': json('The store is open and workers run.', ref('Health')),
      '503': json('Not yet, not now, or not any more: `status` says why.', ref('Health')),
      ...problems(...ANYWHERE),
    },
  };
}

function documentOperation(): object {
  return {
    operationId: 'getOpenApi',
    summary: 'This description of the API, OpenAPI 3.1',
    tags: ['operations'],
    responses: { '200': json('The document.', { type: 'object' }), ...problems(...ANYWHERE) },
  };
}

function textOperation(operationId: string, summary: string, mediaType: string): object {
  return {
    operationId,
    summary,
    tags: ['operations'],
    responses: {
      '200': { description: 'The text.', content: { [mediaType]: { schema: { type: 'string' } } } },
      ...problems(...ANYWHERE),
    },
  };
}

/** What every operation of the admin surface has; without ADMIN_TOKEN all of them are 404. */
const ADMIN = { tags: ['admin'], security: [{ adminToken: [] }] };
const ADMIN_PROBLEMS = [...ANYWHERE, 'unauthorized', 'not_found', 'store_error'] as const;

function detailsOperation(): object {
  return {
    ...ADMIN,
    operationId: 'getWebhookDetails',
    summary: 'An event with its deliveries and their attempts',
    parameters: [pathParameter('Id of the event.', { type: 'string', format: 'uuid' })],
    responses: { '200': json('The event.', ref('EventDetails')), ...problems(...ADMIN_PROBLEMS) },
  };
}

function deadLettersOperation(): object {
  return {
    ...ADMIN,
    operationId: 'listDeadLetters',
    summary: 'Failed deliveries, newest first',
    parameters: queryParameters(pageQuerySchema),
    responses: { '200': json('A page.', ref('DeadLetters')), ...problems(...ADMIN_PROBLEMS, 'invalid') },
  };
}

function replayOperation(): object {
  return {
    ...ADMIN,
    operationId: 'replayDelivery',
    summary: 'Try an ended delivery anew, as a new delivery that points to it',
    parameters: [pathParameter('Id of the delivery.', { type: 'string', format: 'uuid' })],
    responses: {
      '202': json('The new delivery; it is pending.', ref('Delivery')),
      ...problems(...ADMIN_PROBLEMS, 'not_terminal', 'queue_full'),
    },
  };
}

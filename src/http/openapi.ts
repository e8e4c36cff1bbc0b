import { adminPaths } from './openapi-admin.ts';
import {
  ANYWHERE,
  COMPONENTS,
  json,
  jsonSchema,
  pathParameter,
  problems,
  queryParameters,
  ref,
} from './openapi-parts.ts';
import { keyQuerySchema } from './schemas.ts';

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
      ...adminPaths(),
    },
    components: {
      securitySchemes: { adminToken: { type: 'http', scheme: 'bearer', description: 'ADMIN_TOKEN.' } },
      schemas: Object.fromEntries(Object.entries(COMPONENTS).map(([k, s]) => [k, jsonSchema(s)])),
    },
  };
}

const EXAMPLE = {
  idempotency_key: 'order-1001-created',
  event_type: 'order.created',
  payload: { order: 1001, total: '12.50', currency: 'EUR' },
};

function ingestOperation(operationId: string, summary: string, parameters: object[]): object {
  return {
    operationId,
    summary,
    tags: ['webhooks'],
    parameters,
    requestBody: {
      description:
        'Any media type of JSON will do, such as `application/cloudevents+json`. A source with verification takes ' +
        'what its provider sends, of any type and content encoding and by the further methods that the provider ' +
        'uses (GET of Twilio; GET, PUT, PATCH and DELETE of Zendesk), and answers as the provider expects.',
      required: true,
      content: { 'application/json': { schema: ref('Envelope'), example: EXAMPLE } },
    },
    responses: {
      '202': json('New: it is on disk and will be processed.', ref('Receipt')),
      '200': json('Known by its key: its current status. It is not processed again.', ref('Receipt')),
      ...problems(
        ...ANYWHERE,
        'malformed_json',
        'unverified',
        'handshake_refused',
        'unknown_source',
        'too_large',
        'unsupported_media_type',
        'invalid',
        'queue_full',
        'overloaded',
        'keys_unavailable',
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

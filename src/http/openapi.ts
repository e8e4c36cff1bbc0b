import { z } from 'zod';
import { envelopeSchema } from '../ingest/envelope.ts';
import { PROBLEMS, type ProblemCode } from './problem.ts';
import { eventSchema, healthSchema, keyQuerySchema, problemSchema, receiptSchema } from './schemas.ts';

const COMPONENTS = {
  Envelope: envelopeSchema,
  Receipt: receiptSchema,
  Event: eventSchema,
  Problem: problemSchema,
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
      '/webhooks/{source}': {
        post: ingestOperation('postSourceWebhook', 'Post an event to a source of the configuration', [
          { name: 'source', in: 'path', required: true, schema: { type: 'string' } },
        ]),
      },
      '/webhooks/{id}': { get: byIdOperation() },
      '/health': { get: plain('getHealth', 'Whether the process lives', '200', 'It does.') },
      '/ready': { get: readyOperation() },
      '/metrics': { get: metricsOperation() },
    },
    components: {
      schemas: Object.fromEntries(Object.entries(COMPONENTS).map(([k, s]) => [k, jsonSchema(s)])),
    },
  };
}

function jsonSchema(schema: z.ZodType): object {
  const {
    $schema: _dialect,
    id: _id,
    ...rest
  } = z.toJSONSchema(schema, {
    io: 'input',
    unrepresentable: 'any',
  }) as Record<string, unknown>;
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

function ingestOperation(operationId: string, summary: string, parameters: object[]): object {
  return {
    operationId,
    summary,
    tags: ['webhooks'],
    parameters,
    requestBody: { required: true, content: { 'application/json': { schema: ref('Envelope') } } },
    responses: {
      '202': json('New: it is on disk and will be processed.', ref('Receipt')),
      '200': json('Known by its key: its current status. It is not processed again.', ref('Receipt')),
      ...problems(
        'malformed_json',
        'bad_request',
        'unknown_source',
        'request_timeout',
        'too_large',
        'unsupported_media_type',
        'invalid',
        'queue_full',
        'headers_too_large',
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
    parameters: [{ name: 'id', in: 'path', required: true, schema: { type: 'string', format: 'uuid' } }],
    responses: { '200': json('The event.', ref('Event')), ...problems('not_found', 'store_error') },
  };
}

function byKeyOperation(): object {
  const { properties, required } = jsonSchema(keyQuerySchema) as { properties: object; required: string[] };
  return {
    operationId: 'findWebhook',
    summary: 'The status of an event, by idempotency key',
    tags: ['webhooks'],
    parameters: Object.entries(properties).map(([name, schema]) => ({
      name,
      in: 'query',
      required: required.includes(name),
      schema,
    })),
    responses: {
      '200': json('The event.', ref('Event')),
      ...problems('not_found', 'invalid', 'store_error'),
    },
  };
}

function plain(operationId: string, summary: string, status: string, description: string): object {
  return {
    operationId,
    summary,
    tags: ['operations'],
    responses: { [status]: json(description, jsonSchema(healthSchema)) },
  };
}

function readyOperation(): object {
  return {
    operationId: 'getReady',
    summary: 'Whether the receiver can do its work',
    tags: ['operations'],
    responses: {
      '200': json('The store is open and workers run.', jsonSchema(healthSchema)),
      '503': json('Not yet, not now, or not any more: `status` says why.', jsonSchema(healthSchema)),
    },
  };
}

function metricsOperation(): object {
  return {
    operationId: 'getMetrics',
    summary: 'Metrics in the Prometheus text format',
    tags: ['operations'],
    responses: {
      '200': { description: 'The metrics.', content: { 'text/plain': { schema: { type: 'string' } } } },
    },
  };
}

import { ADMIN_DOCUMENTS } from '../admin/admin.ts';
import { healthDocument } from '../health.ts';
import { ingestOperation, ingestSchemas } from '../ingest/operation.ts';
import { problemSchema } from '../schemas.ts';
import { statusById, statusByKey, statusSchemas } from '../status.ts';
import { referenceDocument } from './docs.ts';
import { type DocumentPart, jsonSchema, pathParameter } from './operation.ts';

/**
 * The OpenAPI 3.1 document. Its schemas are those that validate the requests and type the replies, so it cannot say
 * anything else than the program does.
 */
export function openApiDocument(version: string): Record<string, unknown> {
  const schemas = PARTS.flatMap((part) => Object.entries(part.schemas));
  return {
    openapi: '3.1.0',
    info: {
      title: 'webhook-receiver',
      version,
      description: 'A durable inbox for webhooks: a 2xx means that the event is on disk.',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: '/' }],
    tags: [
      { name: 'webhooks', description: 'Post events and read their status.' },
      { name: 'operations', description: 'Health, metrics, and this reference.' },
      { name: 'admin', description: 'Without ADMIN_TOKEN the receiver answers 404 to all of /admin.' },
    ],
    paths: Object.assign({}, ...PARTS.map(({ paths }) => paths)),
    components: {
      securitySchemes: {
        adminToken: { type: 'http', scheme: 'bearer', description: 'ADMIN_TOKEN of the receiver.' },
      },
      schemas: Object.fromEntries(schemas.map(([name, schema]) => [name, jsonSchema(schema)])),
    },
  };
}

const webhookDocument: DocumentPart = {
  schemas: { ...ingestSchemas, ...statusSchemas, Problem: problemSchema },
  paths: {
    '/webhooks': { post: ingestOperation('postWebhook', 'Post an event', []), get: statusByKey },
    // One template: to OpenAPI two that differ in the name of a parameter are the same path.
    '/webhooks/{id}': {
      post: ingestOperation('postSourceWebhook', 'Post an event to a source of the configuration', [
        pathParameter('id', 'Name of the source.'),
      ]),
      get: statusById,
    },
  },
};

const PARTS: readonly DocumentPart[] = [
  webhookDocument,
  healthDocument,
  referenceDocument,
  ...ADMIN_DOCUMENTS,
];

import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import type { FastifyInstance } from 'fastify';
import { ANYWHERE, type DocumentPart, json, pathParameter, problems, text } from './operation.ts';

/**
 * The page and its assets come from here, and requests go nowhere else. The package's own policy upgrades requests
 * to https, which leaves the page blank wherever the receiver is reached by plain http.
 */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  // The style sheet draws its icons from data URLs.
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** `GET /openapi.json`, and `GET /docs`: the reference in which requests can be tried out. */
export async function registerDocs(api: FastifyInstance, document: object): Promise<void> {
  api.get('/openapi.json', async () => document);
  await api.register(swagger, { mode: 'static', specification: { document: document as never } });
  await api.register(swaggerUi, { routePrefix: '/docs', staticCSP: CONTENT_SECURITY_POLICY });
  api.addHook('onSend', async (request, reply) => {
    // RFC 9512. The package still uses the type of before it was registered.
    if (request.routeOptions.url === '/docs/yaml') reply.type('application/yaml');
  });
}

export const referenceDocument: DocumentPart = {
  schemas: {},
  paths: {
    '/openapi.json': {
      get: {
        operationId: 'getOpenApi',
        summary: 'This description of the API, OpenAPI 3.1',
        tags: ['operations'],
        responses: { '200': json('The document.', { type: 'object' }), ...problems(...ANYWHERE) },
      },
    },
    '/docs': {
      get: {
        operationId: 'getDocs',
        summary: 'This reference, to read and to try out',
        tags: ['operations'],
        responses: { '200': text('The text.', 'text/html'), ...problems(...ANYWHERE) },
      },
    },
    '/docs/json': {
      get: {
        operationId: 'getDocsJson',
        summary: 'The same description, for the reference',
        tags: ['operations'],
        responses: { '200': json('The document.', { type: 'object' }), ...problems(...ANYWHERE) },
      },
    },
    '/docs/yaml': {
      get: {
        operationId: 'getDocsYaml',
        summary: 'The same description as YAML',
        tags: ['operations'],
        responses: { '200': text('The document.', 'application/yaml'), ...problems(...ANYWHERE) },
      },
    },
    '/docs/static/{file}': {
      get: {
        operationId: 'getDocsFile',
        summary: 'A script, style sheet or image of the reference',
        tags: ['operations'],
        parameters: [pathParameter('file', 'Name of the file.')],
        responses: {
          '200': { description: 'The file.', content: { '*/*': { schema: {} } } },
          '302': { description: 'The page itself is at `/docs/`.' },
          ...problems(...ANYWHERE, 'not_found'),
        },
      },
    },
  },
};

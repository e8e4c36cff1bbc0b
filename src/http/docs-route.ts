import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import type { FastifyInstance } from 'fastify';
import { openApiDocument } from './openapi.ts';

/** `GET /openapi.json`, and `GET /docs`: the reference in which requests can be tried out. */
export async function registerDocs(api: FastifyInstance, version: string): Promise<void> {
  const document = openApiDocument(version);
  api.get('/openapi.json', async () => document);
  await api.register(swagger, { mode: 'static', specification: { document: document as never } });
  await api.register(swaggerUi, { routePrefix: '/docs', staticCSP: true });
}

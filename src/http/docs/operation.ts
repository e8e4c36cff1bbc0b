import { z } from 'zod';
import { PROBLEMS, type ProblemCode } from '../problem.ts';

/** What one group of endpoints adds to the OpenAPI document. */
export type DocumentPart = Readonly<{
  /** Schemas under `components`, by name. */
  schemas: Readonly<Record<string, z.ZodType>>;
  /** Path items by path template. */
  paths: Readonly<Record<string, object>>;
}>;

type Response = Readonly<{ description: string; content?: object; headers?: object; links?: Links }>;

type Links = Readonly<Record<string, object>>;

/** A link to an operation, with the values of its parameters as expressions such as `$response.body#/id`. */
export function linkTo(operationId: string, parameters: Readonly<Record<string, string>>): object {
  return { operationId, parameters };
}

/** Problems that any request may be answered with. */
export const ANYWHERE = ['bad_request', 'request_timeout', 'headers_too_large', 'internal'] as const;

/** Makes references to the named schemas of a part; a name that the part lacks is a type error. */
export function referTo<Name extends string>(_schemas: Readonly<Record<Name, z.ZodType>>) {
  return (name: NoInfer<Name>) => ({ $ref: `#/components/schemas/${name}` });
}

/** A zod schema as JSON Schema. */
export function jsonSchema(schema: z.ZodType): object {
  const { $schema: _dialect, ...rest } = z.toJSONSchema(schema, {
    io: 'input',
    unrepresentable: 'any',
    override: ({ jsonSchema: node }) => {
      // A query's number is text to the program, and a number to its readers.
      if (node.type === 'integer') delete node.pattern;
    },
  });
  return rest;
}

/** A request body of JSON. */
export function jsonBody(schema: z.ZodType): object {
  return { required: true, content: { 'application/json': { schema: jsonSchema(schema) } } };
}

export function json(description: string, schema: object, links?: Links): Response {
  return {
    description,
    content: { 'application/json': { schema } },
    ...(links !== undefined && { links }),
  };
}

export function text(description: string, mediaType: string): Response {
  return { description, content: { [mediaType]: { schema: { type: 'string' } } } };
}

/** Refusals for which some providers expect a reply of their own, as a text or without a body. */
const PROVIDER_FORMS: ReadonlySet<ProblemCode> = new Set(['unverified', 'handshake_refused']);

/** The problem replies of an operation; several codes may share a status. */
export function problems(...codes: readonly ProblemCode[]): Record<string, Response> {
  const byStatus = Map.groupBy(codes, (code) => PROBLEMS[code].status);
  return Object.fromEntries(
    [...byStatus].map(([status, group]) => [
      String(status),
      {
        description: group.map((code) => `${PROBLEMS[code].title} (\`${code}\`).`).join(' '),
        content: {
          'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } },
          ...(group.some((code) => PROVIDER_FORMS.has(code)) && {
            'text/plain': { schema: { type: 'string' } },
          }),
        },
        ...(status === 429 || status === 503
          ? { headers: { 'Retry-After': { description: 'Seconds.', schema: { type: 'integer' } } } }
          : {}),
      },
    ]),
  );
}

export function pathParameter(
  name: string,
  description: string,
  schema: object = { type: 'string' },
): object {
  return { name, in: 'path', required: true, description, schema };
}

/** A path parameter `id`. */
export function idParameter(description: string): object {
  return pathParameter('id', description, { type: 'string', format: 'uuid' });
}

/** The query parameters that a zod object describes. */
export function queryParameters(schema: z.ZodType): object[] {
  const { properties, required = [] } = jsonSchema(schema) as { properties: object; required?: string[] };
  return Object.entries(properties).map(([name, property]) => ({
    name,
    in: 'query',
    required: required.includes(name),
    schema: property,
  }));
}

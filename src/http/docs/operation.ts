import { z } from 'zod';
import { PROBLEMS, type ProblemCode } from '../problem.ts';

/** What one group of endpoints adds to the OpenAPI document. */
export type DocumentPart = Readonly<{
  /** Schemas under `components`, by name. */
  schemas: Readonly<Record<string, z.ZodType>>;
  /** Path items by path template. */
  paths: Readonly<Record<string, object>>;
}>;

type Response = Readonly<{ description: string; content?: object; headers?: object }>;

/** Problems that any request may be answered with. */
export const ANYWHERE = ['bad_request', 'request_timeout', 'headers_too_large', 'internal'] as const;

/** Makes references to the named schemas of a part; a name that the part lacks is a type error. */
export function referTo<Name extends string>(_schemas: Readonly<Record<Name, z.ZodType>>) {
  return (name: NoInfer<Name>) => ({ $ref: `#/components/schemas/${name}` });
}

/** A zod schema as JSON Schema. */
export function jsonSchema(schema: z.ZodType): object {
  const { $schema: _dialect, ...rest } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
  return rest;
}

export function json(description: string, schema: object): Response {
  return { description, content: { 'application/json': { schema } } };
}

export function text(description: string, mediaType: string): Response {
  return { description, content: { [mediaType]: { schema: { type: 'string' } } } };
}

/** The problem replies of an operation; several codes may share a status. */
export function problems(...codes: readonly ProblemCode[]): Record<string, Response> {
  const byStatus = Map.groupBy(codes, (code) => PROBLEMS[code].status);
  return Object.fromEntries(
    [...byStatus].map(([status, group]) => [
      String(status),
      {
        description: group.map((code) => `${PROBLEMS[code].title} (\`${code}\`).`).join(' '),
        content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
        ...(status === 429 || status === 503
          ? { headers: { 'Retry-After': { description: 'Seconds.', schema: { type: 'integer' } } } }
          : {}),
      },
    ]),
  );
}

export function pathParameter(description: string, schema: object, name = 'name'): object {
  return { name, in: 'path', required: true, description, schema };
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

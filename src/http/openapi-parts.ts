import { z } from 'zod';
import { envelopeSchema } from '../ingest/envelope.ts';
import {
  blockedListSchema,
  rejectedListSchema,
  rejectedRequestSchema,
  releasedSchema,
  reverifiedSchema,
  sourceStateSchema,
} from './admin-schemas.ts';
import { PROBLEMS, type ProblemCode } from './problem.ts';
import {
  deadLettersSchema,
  deliverySchema,
  eventDetailsSchema,
  eventSchema,
  healthSchema,
  problemSchema,
  receiptSchema,
} from './schemas.ts';

/** What the operations of the OpenAPI document are put together from. */

export const COMPONENTS = {
  Envelope: envelopeSchema,
  Receipt: receiptSchema,
  Event: eventSchema,
  Problem: problemSchema,
  Health: healthSchema,
  EventDetails: eventDetailsSchema,
  Delivery: deliverySchema,
  DeadLetters: deadLettersSchema,
  RejectedList: rejectedListSchema,
  RejectedRequest: rejectedRequestSchema,
  Reverified: reverifiedSchema,
  SourceState: sourceStateSchema,
  BlockedKeys: blockedListSchema,
  Released: releasedSchema,
};

type Response = Readonly<{ description: string; content?: object; headers?: object }>;

/** A schema as the document shows it. */
export function jsonSchema(schema: z.ZodType): object {
  const { $schema: _dialect, ...rest } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
  return rest;
}

export const ref = (name: keyof typeof COMPONENTS) => ({ $ref: `#/components/schemas/${name}` });
export const json = (description: string, schema: object): Response => ({
  description,
  content: { 'application/json': { schema } },
});

/** The problem replies of an operation; several codes may share a status. */
export function problems(...codes: readonly ProblemCode[]): Record<string, Response> {
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

/** What any request may be answered, whatever it asks for. */
export const ANYWHERE = ['bad_request', 'request_timeout', 'headers_too_large', 'internal'] as const;

export function pathParameter(description: string, schema: object, name = 'name'): object {
  return { name, in: 'path', required: true, description, schema };
}

/** The parameters of a query as its schema describes them. */
export function queryParameters(schema: z.ZodType): object[] {
  const { properties, required = [] } = jsonSchema(schema) as { properties: object; required?: string[] };
  return Object.entries(properties).map(([name, property]) => ({
    name,
    in: 'query',
    required: required.includes(name),
    schema: property,
  }));
}

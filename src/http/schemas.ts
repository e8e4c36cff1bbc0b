import { z } from 'zod';
import { ATTEMPT_OUTCOMES } from '../domain/attempt.ts';
import { DELIVERY_STATUSES } from '../domain/delivery.ts';
import { TURNS } from '../domain/order.ts';
import { PROBLEMS, type ProblemCode } from './problem.ts';

/** The shapes that the API answers with; the OpenAPI document is generated from them. */

export const id = z.string().meta({ format: 'uuid', description: 'UUIDv7 of the event.' });
export const time = z.string().meta({ format: 'date-time', description: 'RFC 3339, UTC.' });
const status = z.enum(DELIVERY_STATUSES).describe('Derived from the deliveries of the event.');

export const receiptSchema = z.object({ id, idempotency_key: z.string(), status, created_at: time });

export const eventSchema = z.object({
  id,
  idempotency_key: z.string(),
  status,
  created_at: time,
  updated_at: time.meta({ description: 'Of the last change of any delivery, RFC 3339, UTC.' }),
  attempts: z.int().min(0).describe('Finished tries, over all deliveries.'),
});

export const problemSchema = z.object({
  type: z.string().describe('urn:webhook-receiver:problem: and the code.'),
  title: z.string(),
  status: z.int().min(400).max(599),
  detail: z.string(),
  code: z.enum(Object.keys(PROBLEMS) as ProblemCode[]).describe('Stable; go by this.'),
  errors: z
    .array(z.object({ field: z.string().describe('JSON Pointer, RFC 6901.'), message: z.string() }))
    .optional(),
});

export const healthSchema = z.object({
  status: z.string(),
  degraded: z
    .array(z.string())
    .optional()
    .describe('What is in trouble without keeping events from being taken.'),
});

/** `GET /webhooks?idempotency_key=…&source=…` */
export const keyQuerySchema = z.object({
  idempotency_key: z.string().min(1).describe('The key that the event was posted with.'),
  source: z.string().min(1).default('default').describe('The source it was posted to.'),
});

/** `GET /admin/dead-letters?limit=…&cursor=…` */
export const pageQuerySchema = z.object({
  limit: z.coerce.number().int().min(1).max(500).default(50).describe('Most deliveries of a page.'),
  cursor: z
    .string()
    .regex(/^(?:\d{1,16}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/)
    .optional()
    .describe('The `next` of the page before.'),
});

const deliveryFields = {
  id: z.string().meta({ format: 'uuid', description: "UUIDv7: its event's with a number at the end." }),
  event_id: id,
  destination: z.string(),
  status: z.enum(DELIVERY_STATUSES),
  attempts: z.int().min(0).describe('Finished tries.'),
  due_at: time.nullable().describe('Null while it waits for the turn of its order key.'),
  last_error: z.string().nullable(),
  created_at: time,
  updated_at: time,
  replay_of: z.string().nullable().describe('The delivery that this one repeats.'),
  order_key: z.string().nullable().describe('What it is ordered by, among those of its destination.'),
  turn: z
    .enum(TURNS)
    .nullable()
    .describe(
      'Of its order key: it holds the turn, or waits for it. One that is failed and holds blocks its key.',
    ),
};

export const deliverySchema = z.object(deliveryFields);

export const deadLettersSchema = z.object({
  deliveries: z.array(deliverySchema),
  next: z.string().nullable(),
});

const trySchema = z.object({
  number: z.int().min(1),
  started_at: time,
  ended_at: time,
  outcome: z.enum(ATTEMPT_OUTCOMES),
  error: z.string().nullable(),
  http_status: z.int().nullable(),
  response_excerpt: z.string().nullable().describe('The beginning of what the destination answered.'),
});

export const eventDetailsSchema = z.object({
  ...eventSchema.shape,
  source: z.string(),
  event_type: z.string(),
  deliveries: z.array(z.object({ ...deliveryFields, tries: z.array(trySchema) })),
});

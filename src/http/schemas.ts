import { z } from 'zod';
import { DELIVERY_STATUSES } from '../domain/delivery.ts';
import { type EventView, ORIGINS } from '../domain/event.ts';
import { cursorField } from './admin/query-fields.ts';
import { PROBLEMS, type ProblemCode } from './problem.ts';

/** Shapes that several endpoints answer with, and the bodies of these shapes. */

export const id = z.string().meta({ format: 'uuid', description: 'UUIDv7 of the event.' });
export const time = z.string().meta({ format: 'date-time', description: 'RFC 3339, UTC.' });
const status = z.enum(DELIVERY_STATUSES).describe('Derived from the deliveries of the event.');

export const originField = z
  .enum(ORIGINS)
  .describe(
    'How it came: `received` from its sender; `reconciled`, fetched from its provider and not signed; `test`, sent by an ' +
      'operator; `imported` from another inbox.',
  );

export const receiptSchema = z.object({ id, idempotency_key: z.string(), status, created_at: time });

export const eventSchema = z.object({
  id,
  idempotency_key: z.string().nullable().describe('Null once the event is erased.'),
  status,
  created_at: time,
  updated_at: time.meta({ description: 'Of the last change of any delivery, RFC 3339, UTC.' }),
  attempts: z.int().min(0).describe('Finished attempts, over all deliveries.'),
  erased_at: time
    .optional()
    .describe('When an operator erased what came with the request; absent unless that was done.'),
});

export const problemSchema = z.object({
  type: z.string().describe('urn:webhook-receiver:problem: and the code.'),
  title: z.string(),
  status: z.int().min(400).max(599),
  detail: z.string(),
  code: z.enum(Object.keys(PROBLEMS) as ProblemCode[]).describe('Stable: branch on this.'),
  errors: z
    .array(z.object({ field: z.string().describe('JSON Pointer, RFC 6901.'), message: z.string() }))
    .optional(),
  replay_id: z.string().optional().describe('With `already_replayed`: the first replay.'),
});

const PAGE_MAX = 500;
const LIMIT_TAKES = `a whole number from 1 to ${PAGE_MAX} in decimal digits`;

/** `limit` of a list. Number() alone would also take "0x10", "0b11", "1e2" and " 10". */
export function limitField(description: string) {
  return z
    .string()
    .regex(/^\d{1,4}$/, LIMIT_TAKES)
    .transform(Number)
    .refine((limit) => limit >= 1 && limit <= PAGE_MAX, LIMIT_TAKES)
    .default(50)
    .meta({ type: 'integer', minimum: 1, maximum: PAGE_MAX, default: 50, description });
}

/** `?limit=…&cursor=…` of a list whose cursor is an event's or delivery's id. */
export const pageQuerySchema = z.strictObject({
  limit: limitField('Most deliveries of a page.'),
  cursor: cursorField('The `next` of the previous page.'),
});

export function eventBody(event: EventView): z.output<typeof eventSchema> {
  return {
    id: event.id,
    idempotency_key: event.idempotencyKey,
    status: event.status,
    created_at: timeText(event.receivedAtMs),
    updated_at: timeText(event.updatedAtMs),
    attempts: event.attempts,
    ...(event.erasedAtMs !== null && { erased_at: timeText(event.erasedAtMs) }),
  };
}

/** RFC 3339, UTC. */
export function timeText(timeMs: number): string {
  return new Date(timeMs).toISOString();
}

import { z } from 'zod';
import { DELIVERY_STATUSES } from '../domain/delivery.ts';

/** The shapes that the API answers with; the OpenAPI document is generated from them. */

const id = z.uuid().describe('UUIDv7 of the event.');
const time = z.iso.datetime().describe('RFC 3339, UTC.');
const status = z.enum(DELIVERY_STATUSES).describe('Derived from the deliveries of the event.');

export const receiptSchema = z
  .object({ id, idempotency_key: z.string(), status, created_at: time })
  .meta({ id: 'Receipt' });

export const eventSchema = z
  .object({
    id,
    idempotency_key: z.string(),
    status,
    created_at: time,
    updated_at: time.describe('Of the last change of any delivery, RFC 3339, UTC.'),
    attempts: z.int().min(0).describe('Finished tries, over all deliveries.'),
  })
  .meta({ id: 'Event' });

export const problemSchema = z
  .object({
    type: z.string().describe('urn:webhook-receiver:problem: and the code.'),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    code: z.string().describe('Stable; go by this.'),
    errors: z
      .array(z.object({ field: z.string().describe('JSON Pointer, RFC 6901.'), message: z.string() }))
      .optional(),
  })
  .meta({ id: 'Problem' });

export const healthSchema = z.object({ status: z.string() }).meta({ id: 'Health' });

/** `GET /webhooks?idempotency_key=…&source=…` */
export const keyQuerySchema = z.object({
  idempotency_key: z.string().min(1).describe('The key that the event was posted with.'),
  source: z.string().min(1).default('default').describe('The source it was posted to.'),
});

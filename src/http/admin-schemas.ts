import { z } from 'zod';
import { ORDER_KEY_CHARS_MAX } from '../ingest/order-key.ts';
import { readBlockedCursor } from '../store/blocked-cursor.ts';
import { VERIFY_REASONS } from '../verify/outcome.ts';
import { id, pageQuerySchema, receiptSchema, time } from './schemas.ts';

/** The shapes of the admin surface about rejected requests and sources. */

/** `GET /admin/rejected?limit=…&cursor=…&source=…` */
export const rejectedQuerySchema = pageQuerySchema.extend({
  source: z.string().min(1).optional().describe('Only those of one source.'),
});

/** `GET /admin/blocked-keys?limit=…&cursor=…&destination=…` */
export const blockedQuerySchema = z.object({
  limit: z.coerce.number().int().min(1).max(500).default(50).describe('Most keys of a page.'),
  cursor: z
    .string()
    .max(2048)
    .refine((text) => readBlockedCursor(text) !== null, 'the `next` of a page')
    .optional()
    .describe('The `next` of the page before.'),
  destination: z.string().min(1).max(64).optional().describe('Only those of one destination.'),
});

/** `POST /admin/blocked-keys/release?destination=…&order_key=…` */
export const orderKeyQuerySchema = z.object({
  destination: z.string().min(1).max(64).describe('The destination whose order it is.'),
  order_key: z
    .string()
    .max(ORDER_KEY_CHARS_MAX)
    .refine((text) => text.isWellFormed() && !text.includes('\0'), 'a text without NUL')
    .describe('The key, as the list has it.'),
});

export const blockedListSchema = z.object({
  blocked: z.array(
    z.object({
      destination: z.string(),
      order_key: z.string(),
      delivery_id: z.string().describe('The failed delivery that blocks the key.'),
      error: z.string(),
      since: time,
      waiting: z.int().min(0).describe('Deliveries behind it; counted up to 1000.'),
    }),
  ),
  next: z.string().nullable(),
});

export const releasedSchema = z.object({
  destination: z.string(),
  order_key: z.string(),
  delivery_id: z.string().describe('It stays a dead letter.'),
  next_delivery_id: z.string().nullable().describe('Whose turn it is now.'),
});

const reason = z.string().describe('Why it was not verified; `webhook_events_total` has the same words.');

const rejectedFields = {
  id: id.meta({ description: 'UUIDv7 of the request.' }),
  source: z.string(),
  reason,
  detail: z.string(),
  method: z.string(),
  url: z.string().describe('Path and query, secrets redacted.'),
  content_type: z.string(),
  body_bytes: z.int().min(0).describe('As it was sent.'),
  received_at: time,
};

export const rejectedListSchema = z.object({
  rejected: z.array(z.object(rejectedFields)),
  next: z.string().nullable(),
});

export const rejectedRequestSchema = z.object({
  ...rejectedFields,
  headers: z
    .array(z.array(z.string()))
    .describe('Name and value, as sent; values that are secrets redacted.'),
  body: z.string().nullable().describe('Null if it was longer than 256 KiB.'),
  body_encoding: z.enum(['utf8', 'base64']).nullable(),
});

export const reverifiedSchema = z.object({
  outcome: z.enum(['accepted', 'duplicate', 'handshake', 'rejected']),
  reason: z.enum(VERIFY_REASONS).optional().describe('Of one that is rejected again, and stays.'),
  detail: z.string().optional(),
  handshake: z
    .string()
    .optional()
    .describe('What it is called; its action is done, and it is an event only if `event` is there.'),
  event: receiptSchema.optional(),
});

export const sourceStateSchema = z.object({
  state: z.array(
    z.object({
      name: z.string(),
      value: z.string().describe('It may be a secret.'),
      updated_at: time,
    }),
  ),
});

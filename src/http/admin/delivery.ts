import { z } from 'zod';
import { DELIVERY_STATUSES, type Delivery } from '../../domain/delivery.ts';
import { TURNS } from '../../domain/order.ts';
import type { Shown } from '../../ingest/mask.ts';
import { id, time, timeText } from '../schemas.ts';
import { shownError } from './shown-request.ts';

export const deliverySchema = z.object({
  id: z.string().meta({ format: 'uuid', description: "UUIDv7: its event's with a number at the end." }),
  event_id: id,
  destination: z.string(),
  status: z.enum(DELIVERY_STATUSES),
  attempts: z.int().min(0).describe('Finished attempts.'),
  due_at: time.nullable().describe('Null while it waits for the turn of its order key.'),
  last_error: z.string().nullable().describe('`[redacted]` for a viewer.'),
  created_at: time,
  updated_at: time,
  replay_of: z.string().nullable().describe('The delivery that this one repeats.'),
  superseded_by: z
    .string()
    .nullable()
    .describe('The first delivery that repeats this one. A dead letter that has one is no longer listed.'),
  sent_as: z
    .string()
    .describe(
      'The `Idempotency-Key` of its requests: its own id, or that of the failed delivery that it repeats.',
    ),
  order_key: z.string().nullable().describe('The key by which the destination orders its deliveries.'),
  turn: z
    .enum(TURNS)
    .nullable()
    .describe(
      'Whether it holds the turn of its order key or waits for it. A failed delivery that holds the turn blocks its key.',
    ),
});

/** A delivery as it is shown to whoever sees that much of requests: errors may quote them. */
export function deliveryBody(delivery: Delivery, shown: Shown): z.output<typeof deliverySchema> {
  return {
    id: delivery.id,
    event_id: delivery.eventId,
    destination: delivery.destination,
    status: delivery.status,
    attempts: delivery.attempts,
    due_at: delivery.turn === 'waits' ? null : timeText(delivery.dueAtMs),
    last_error: shownError(delivery.lastError, shown),
    created_at: timeText(delivery.createdAtMs),
    updated_at: timeText(delivery.updatedAtMs),
    replay_of: delivery.replayOf,
    superseded_by: delivery.replayedBy,
    sent_as: delivery.sentAs,
    order_key: delivery.orderKey,
    turn: delivery.turn,
  };
}

import { z } from 'zod';
import { ATTEMPT_OUTCOMES, type Attempt } from '../../domain/attempt.ts';
import { DELIVERY_STATUSES, deliveryNumberOf, eventIdOf, MAX_DELIVERIES } from '../../domain/delivery.ts';
import { ORIGINS } from '../../domain/event.ts';
import type { PastEvent } from '../../ingest/import-events.ts';
import { isUuid } from '../../runtime/ids.ts';
import { failureGroupOf } from '../../store/failure-group.ts';
import type { PastDelivery } from '../../store/store.ts';

const text = (most: number) => z.string().max(most);
const time = z.iso.datetime();
const uuid = z.string().refine(isUuid, 'a UUID');
/** Most of a text that an attempt left behind, with a margin for other versions. */
const TEXT_MAX = 65_536;

const attemptSchema = z.object({
  number: z.int().min(1),
  started_at: time,
  ended_at: time,
  outcome: z.enum(ATTEMPT_OUTCOMES),
  error: text(TEXT_MAX).nullable(),
  http_status: z.int().nullable(),
  response_excerpt: text(TEXT_MAX).nullable(),
});

const deliverySchema = z.object({
  id: uuid,
  destination: text(64).min(1),
  status: z.enum(DELIVERY_STATUSES),
  attempts: z.int().min(0),
  due_at: time.nullable(),
  last_error: text(TEXT_MAX).nullable(),
  created_at: time,
  updated_at: time,
  replay_of: uuid.nullable(),
  superseded_by: uuid.nullable(),
  sent_as: uuid,
  order_key: text(4096).nullable(),
  tries: z.array(attemptSchema).max(10_000),
});

const duplicatesSchema = z.object({
  count: z.int().min(1),
  last_received_at: time,
  bytes_differed: z.boolean(),
});

type DeliveryLine = z.output<typeof deliverySchema>;

/** A line of an export, as far as it is imported. */
export const pastEventSchema = z
  .object({
    id: z.string().refine((id) => isUuid(id) && id.endsWith('0000'), 'the id of an event'),
    source: text(64).min(1),
    idempotency_key: text(4096).min(1),
    event_type: text(4096),
    origin: z.enum(ORIGINS),
    method: text(32).min(1),
    url: text(65_536),
    headers: z.array(z.tuple([text(65_536), text(65_536)])).max(4_096),
    body: z.string(),
    body_encoding: z.enum(['utf8', 'base64']),
    created_at: time,
    deliveries: z.array(deliverySchema).max(MAX_DELIVERIES).default([]),
    duplicates: duplicatesSchema.optional(),
    revealed: z.literal(true, 'true: what was exported without --reveal is masked'),
  })
  .refine(hasOwnDeliveries, {
    path: ['deliveries'],
    message: 'deliveries of the event, each of them once, that name each other',
  });

/** Ids of deliveries are made of their event's: only such can be written. */
function hasOwnDeliveries({ id, deliveries }: Readonly<{ id: string; deliveries: readonly DeliveryLine[] }>) {
  const named = deliveries.flatMap((one) => [one.id, one.replay_of ?? one.id, one.superseded_by ?? one.id]);
  const all = [...named, ...deliveries.map(({ sent_as }) => sent_as)];
  const tries = deliveries.map((one) => [
    one.tries.length,
    new Set(one.tries.map(({ number }) => number)).size,
  ]);
  return (
    all.every((one) => eventIdOf(one) === id && deliveryNumberOf(one) > 0) &&
    new Set(deliveries.map((one) => one.id)).size === deliveries.length &&
    tries.every(([length, numbers]) => length === numbers)
  );
}

/** The event, and what was over of its deliveries: one that was open has come to no end that could be told. */
export function toPastEvent(line: z.output<typeof pastEventSchema>): PastEvent {
  const { id, duplicates } = line;
  const over = line.deliveries.filter(({ status }) => status === 'completed' || status === 'failed');
  const ids = new Set(over.map((one) => one.id));
  return {
    event: {
      id,
      source: line.source,
      idempotencyKey: line.idempotency_key,
      eventType: line.event_type,
      // What was reconciled or a test there is so here.
      origin: line.origin === 'received' ? 'imported' : line.origin,
      method: line.method,
      url: line.url,
      headers: line.headers.flat(),
      contentType: line.headers.find(([name]) => name.toLowerCase() === 'content-type')?.[1] ?? '',
      body: Buffer.from(line.body, line.body_encoding),
      receivedAtMs: Date.parse(line.created_at),
    },
    history: {
      eventId: id,
      deliveries: over.map((one) => toPastDelivery(one, ids)),
      duplicates:
        duplicates === undefined
          ? null
          : {
              count: duplicates.count,
              lastAtMs: Date.parse(duplicates.last_received_at),
              differed: duplicates.bytes_differed,
            },
    },
  };
}

/** @param ids the deliveries that are imported: a dead letter whose replay was open is one again */
function toPastDelivery(line: DeliveryLine, ids: ReadonlySet<string>): PastDelivery {
  const numberOf = (id: string | null) => (id === null || !ids.has(id) ? null : deliveryNumberOf(id));
  const status = line.status === 'completed' ? 'completed' : 'failed';
  const tries = line.tries.map(toAttempt);
  const updatedAtMs = Date.parse(line.updated_at);
  const { outcome = 'failed', httpStatus = null, responseExcerpt = null } = tries.at(-1) ?? {};
  const failure = { outcome, error: line.last_error, httpStatus, responseExcerpt };
  return {
    ...{ number: deliveryNumberOf(line.id), destination: line.destination, status, tries, updatedAtMs },
    attempts: line.attempts,
    dueAtMs: line.due_at === null ? updatedAtMs : Date.parse(line.due_at),
    lastError: line.last_error,
    failureGroup: status === 'failed' ? failureGroupOf(failure) : null,
    createdAtMs: Date.parse(line.created_at),
    replayOf: numberOf(line.replay_of),
    replayedBy: numberOf(line.superseded_by),
    sentAs: line.sent_as === line.id ? null : deliveryNumberOf(line.sent_as),
    orderKey: line.order_key,
  };
}

function toAttempt(line: z.output<typeof attemptSchema>): Attempt {
  return {
    number: line.number,
    startedAtMs: Date.parse(line.started_at),
    endedAtMs: Date.parse(line.ended_at),
    outcome: line.outcome,
    error: line.error,
    httpStatus: line.http_status,
    responseExcerpt: line.response_excerpt,
  };
}

import { z } from 'zod';
import { ATTEMPT_OUTCOMES, type Attempt } from '../../domain/attempt.ts';
import type { Delivery } from '../../domain/delivery.ts';
import type { EventView, WebhookEvent } from '../../domain/event.ts';
import { UNROUTED_REASONS, type UnroutedReason } from '../../events.ts';
import type { Mask, Shown } from '../../ingest/mask.ts';
import { isUuid } from '../../runtime/ids.ts';
import type { AuditStore, BrowseStore, Duplicates } from '../../store/store.ts';
import type { TracedEvent, Tracing } from '../../trace/tracing.ts';
import { type DocumentPart, idParameter, json, linkTo, queryParameters, referTo } from '../docs/operation.ts';
import { eventBody, eventSchema, originField, time, timeText } from '../schemas.ts';
import { done, refuse } from './answer.ts';
import { deliveryBody, deliverySchema } from './delivery.ts';
import type { AddEndpoint } from './endpoint.ts';
import { adminOperation } from './operation.ts';
import { revealQuery, shownError, shownRequest, shownRequestShape, shownTo } from './shown-request.ts';

type DetailStore = Pick<
  BrowseStore,
  'eventById' | 'readEvent' | 'deliveriesOf' | 'attemptsOf' | 'duplicatesOf'
>;

export type EventParts = Readonly<{
  store: DetailStore & Pick<AuditStore, 'appendAudit'>;
  mask: Mask;
  /** Why no destination wanted an event that has no deliveries. */
  unroutedReason: (event: WebhookEvent) => UnroutedReason;
  tracing?: Pick<Tracing, 'idsOf'>;
  /** The page of a trace, with `{trace_id}`, or null. */
  traceUrlTemplate?: string | null;
}>;

const attemptSchema = z.object({
  number: z.int().min(1),
  started_at: time,
  ended_at: time,
  outcome: z.enum(ATTEMPT_OUTCOMES),
  error: z.string().nullable(),
  http_status: z.int().nullable(),
  response_excerpt: z.string().nullable().describe('The beginning of what the destination answered.'),
});

const duplicatesSchema = z
  .object({
    count: z.int().min(1),
    last_received_at: time,
    bytes_differed: z.boolean().describe('At least one duplicate had other bytes than the event.'),
  })
  .describe(
    'Requests that were recognised as this event, counted within a second or two; absent if there were none.',
  );

const schemas = {
  EventDetails: z.object({
    ...eventSchema.shape,
    source: z.string(),
    event_type: z.string(),
    origin: originField,
    method: z.string().nullable(),
    url: z.string().nullable().describe('Path and query; what may not be shown is `[redacted]`.'),
    ...shownRequestShape,
    body_bytes: z.int().min(0).nullable().describe('Bytes of the body.'),
    unrouted: z
      .enum(UNROUTED_REASONS)
      .nullable()
      .describe('Why no destination took the event; null if one did.'),
    trace_id: z
      .string()
      .nullable()
      .describe('The trace of the event (OpenTelemetry); null while no traces are made.'),
    trace_url: z.string().nullable().describe('The page of the trace, if TRACE_URL_TEMPLATE is set.'),
    duplicates: duplicatesSchema.optional(),
    deliveries: z.array(z.object({ ...deliverySchema.shape, tries: z.array(attemptSchema) })),
  }),
};
export type EventDetails = z.output<typeof schemas.EventDetails>;

/** `GET /admin/webhooks/{id}`: an event with its deliveries and their attempts. */
export function addEventEndpoints(add: AddEndpoint, parts: EventParts): void {
  const { store } = parts;
  add('GET /admin/webhooks/:id', { query: revealQuery }, async ({ actor, params, query, audit }) => {
    const shown = shownTo(actor.role, query.reveal);
    if (typeof shown !== 'string') return shown;
    const id = params.id!.toLowerCase();
    const details = isUuid(id) ? await readDetails(parts, id, shown) : null;
    if (details === null) return refuse('not_found', 'No event of that id is kept here.');
    if (details.body_bytes !== null && shown === 'revealed') await store.appendAudit(audit(id));
    return done(details);
  });
}

/** An event as it is shown; null if it is not kept. */
export async function readDetails(
  parts: Omit<EventParts, 'store'> & Readonly<{ store: DetailStore }>,
  id: string,
  shown: Shown,
): Promise<EventDetails | null> {
  const { store, mask, unroutedReason } = parts;
  const event = await store.eventById(id);
  const received = event === null ? null : await store.readEvent(id);
  if (event === null || (received === null && event.erasedAtMs === null)) return null;
  const deliveries = await store.deliveriesOf(id);
  const attempts = await Promise.all(deliveries.map((delivery) => store.attemptsOf(delivery.id)));
  const unrouted = deliveries.length === 0 && received !== null ? unroutedReason(received) : null;
  const request = received === null ? null : mask(received.source, received, shown);
  const facts = {
    method: received?.method ?? null,
    url: request?.url ?? null,
    ...shownRequest(request),
    body_bytes: received?.body.length ?? null,
    unrouted,
    ...traceOf(parts, { id, source: event.source, headers: received?.headers ?? [] }),
  };
  const duplicates = await store.duplicatesOf(id);
  return detailsBody(event, { ...facts, duplicates }, deliveries, attempts, shown);
}

/** Of an erased event the trace that follows from its id: what the sender said of it is gone. */
function traceOf(
  { tracing, traceUrlTemplate = null }: Omit<EventParts, 'store'>,
  event: TracedEvent,
): Pick<z.output<typeof schemas.EventDetails>, 'trace_id' | 'trace_url'> {
  const traceId = tracing?.idsOf(event)?.traceId ?? null;
  if (traceId === null || traceUrlTemplate === null) return { trace_id: traceId, trace_url: null };
  return { trace_id: traceId, trace_url: traceUrlTemplate.replaceAll('{trace_id}', traceId) };
}

/** What the details show of an event besides its view. */
type Facts = Pick<
  z.output<typeof schemas.EventDetails>,
  | 'method'
  | 'url'
  | 'headers'
  | 'body'
  | 'body_encoding'
  | 'body_bytes'
  | 'unrouted'
  | 'trace_id'
  | 'trace_url'
> &
  Readonly<{ duplicates: Duplicates | null }>;

/** @param attempts those of each delivery, in the order of the deliveries */
function detailsBody(
  event: EventView,
  { duplicates, ...facts }: Facts,
  deliveries: readonly Delivery[],
  attempts: readonly (readonly Attempt[])[],
  shown: Shown,
): z.output<typeof schemas.EventDetails> {
  return {
    ...eventBody(event),
    source: event.source,
    event_type: event.eventType,
    origin: event.origin,
    ...facts,
    ...(duplicates !== null && { duplicates: duplicatesBody(duplicates) }),
    deliveries: deliveries.map((delivery, at) => ({
      ...deliveryBody(delivery, shown),
      tries: attempts[at]!.map((attempt) => attemptBody(attempt, shown)),
    })),
  };
}

function duplicatesBody({ count, lastAtMs, differed }: Duplicates): z.output<typeof duplicatesSchema> {
  return { count, last_received_at: timeText(lastAtMs), bytes_differed: differed };
}

function attemptBody(attempt: Attempt, shown: Shown): z.output<typeof attemptSchema> {
  return {
    number: attempt.number,
    started_at: timeText(attempt.startedAtMs),
    ended_at: timeText(attempt.endedAtMs),
    outcome: attempt.outcome,
    error: shownError(attempt.error, shown),
    http_status: attempt.httpStatus,
    response_excerpt: shownError(attempt.responseExcerpt, shown),
  };
}

export const eventDocument: DocumentPart = {
  schemas,
  paths: {
    '/admin/webhooks/{id}': {
      get: adminOperation({
        operationId: 'getWebhookDetails',
        summary: 'An event with its deliveries and their attempts',
        parameters: [idParameter('Id of the event.'), ...queryParameters(revealQuery.schema)],
        replies: {
          '200': json('The event.', referTo(schemas)('EventDetails'), {
            replay: linkTo('replayDelivery', { id: '$response.body#/deliveries/0/id' }),
          }),
        },
      }),
    },
  },
};

import { z } from 'zod';
import { isUuid } from '../../runtime/ids.ts';
import type { AuditStore, BrowseStore } from '../../store/store.ts';
import { type DocumentPart, idParameter, json, linkTo, referTo } from '../docs/operation.ts';
import { id, time, timeText } from '../schemas.ts';
import { done, refuse } from './answer.ts';
import type { AddEndpoint } from './endpoint.ts';
import { HISTORY_KINDS, historyOf, type Moment } from './event-history.ts';
import { adminOperation } from './operation.ts';

export type HistoryParts = Readonly<{
  store: Pick<BrowseStore, 'eventById' | 'deliveriesOf' | 'attemptsOf' | 'duplicatesOf'> &
    Pick<AuditStore, 'auditOf'>;
}>;

/** Rows of the audit about one event, delivery or destination that a history reads, the newest. */
const HISTORY_ROWS_MAX = 200;

const momentSchema = z.object({
  at: time,
  kind: z
    .enum(HISTORY_KINDS)
    .describe('`came_again` is at the last time, with the count of all; `hold` is of the destination.'),
  delivery_id: z.string().nullable(),
  destination: z.string().nullable(),
  actor: z
    .string()
    .nullable()
    .describe('Who did it, by the name of the token; null for what happened by itself.'),
  detail: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])),
});

const schemas = { EventHistory: z.object({ event_id: id, history: z.array(momentSchema) }) };

/** `GET /admin/webhooks/{id}/history`: the life of an event, in order. */
export function addHistoryEndpoints(add: AddEndpoint, { store }: HistoryParts): void {
  add('GET /admin/webhooks/:id/history', {}, async ({ params }) => {
    const eventId = params.id!.toLowerCase();
    const event = isUuid(eventId) ? await store.eventById(eventId) : null;
    if (event === null)
      return refuse('not_found', 'No event of that id is kept here; the audit tells what was deleted.');
    const deliveries = await Promise.all(
      (await store.deliveriesOf(eventId)).map(async (delivery) => ({
        delivery,
        attempts: await store.attemptsOf(delivery.id),
      })),
    );
    const targets = [
      eventId,
      ...deliveries.flatMap(({ delivery: { id, destination } }) => [id, destination]),
    ];
    const audit = await store.auditOf([...new Set(targets)], HISTORY_ROWS_MAX);
    const duplicates = await store.duplicatesOf(eventId);
    const body: z.output<typeof schemas.EventHistory> = {
      event_id: eventId,
      history: historyOf({ event, duplicates, deliveries, audit }).map(momentBody),
    };
    return done(body);
  });
}

function momentBody(moment: Moment): z.output<typeof momentSchema> {
  return {
    at: timeText(moment.atMs),
    kind: moment.kind,
    delivery_id: moment.deliveryId,
    destination: moment.destination,
    actor: moment.actor,
    detail: moment.detail,
  };
}

export const historyDocument: DocumentPart = {
  schemas,
  paths: {
    '/admin/webhooks/{id}/history': {
      get: adminOperation({
        operationId: 'getWebhookHistory',
        summary: 'The life of an event, in order: how it came, every try, and what was done to it',
        parameters: [idParameter('Id of the event.')],
        replies: {
          '200': json('The history.', referTo(schemas)('EventHistory'), {
            details: linkTo('getWebhookDetails', { id: '$response.body#/event_id' }),
          }),
        },
      }),
    },
  },
};
export type EventHistory = z.output<typeof schemas.EventHistory>;

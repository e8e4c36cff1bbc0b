import type { FastifyInstance, FastifyReply } from 'fastify';
import { z } from 'zod';
import type { EventView } from '../domain/event.ts';
import { isUuid } from '../runtime/ids.ts';
import type { BrowseStore } from '../store/store.ts';
import { ANYWHERE, idParameter, json, linkTo, problems, queryParameters, referTo } from './docs/operation.ts';
import { OWN_REPLY, ownAnswers } from './ingest/operation.ts';
import { replyInvalidQuery, replyProblem } from './reply.ts';
import { eventBody, eventSchema } from './schemas.ts';

const keyQuerySchema = z.strictObject({
  idempotency_key: z.string().min(1).describe('The key that the event was posted with.'),
  source: z.string().min(1).default('default').describe('The source it was posted to.'),
});

/** `GET /webhooks/{id}` and `GET /webhooks?idempotency_key=`: how far an event's processing is. */
export function registerStatus(
  api: FastifyInstance,
  store: Pick<BrowseStore, 'eventById' | 'eventByKey'>,
): void {
  for (const path of ['/webhooks/:id', '/webhooks/:id/']) {
    api.get<{ Params: { id: string } }>(path, async (request, reply) => {
      const id = request.params.id.toLowerCase();
      return replyEvent(reply, isUuid(id) ? await store.eventById(id) : null);
    });
  }

  api.get('/webhooks', async (request, reply) => {
    const query = keyQuerySchema.safeParse(request.query);
    if (!query.success) {
      const detail = 'Ask with ?idempotency_key= and, if it is not default, &source=.';
      return replyInvalidQuery(reply, detail, query.error, keyQuerySchema);
    }
    const { source, idempotency_key } = query.data;
    return replyEvent(reply, await store.eventByKey(source, idempotency_key));
  });
}

function replyEvent(reply: FastifyReply, event: EventView | null): FastifyReply {
  if (event === null) return replyProblem(reply, 'not_found', 'No event of that id or key is kept here.');
  return reply.send(eventBody(event));
}

export const statusSchemas = { Event: eventSchema };
const ref = referTo(statusSchemas);

/** A GET is also how some providers send a handshake, or an event. */
const RESPONSES = {
  '200': {
    ...json('The event, or the answer to a handshake.', ref('Event'), {
      details: linkTo('getWebhookDetails', { id: '$response.body#/id' }),
    }),
    content: ownAnswers(ref('Event')),
  },
  '2XX': OWN_REPLY,
  ...problems(
    ...ANYWHERE,
    'not_found',
    'unverified',
    'handshake_refused',
    'keys_unavailable',
    'store_error',
    'shutting_down',
  ),
};

export const statusById: object = {
  operationId: 'getWebhook',
  summary: 'The status of an event, by id',
  tags: ['webhooks'],
  parameters: [idParameter('Id of the event, or name of a source whose handshake comes by GET.')],
  responses: RESPONSES,
};

export const statusByKey: object = {
  operationId: 'findWebhook',
  summary: 'The status of an event, by idempotency key',
  tags: ['webhooks'],
  parameters: queryParameters(keyQuerySchema),
  responses: { ...RESPONSES, ...problems('invalid') },
};

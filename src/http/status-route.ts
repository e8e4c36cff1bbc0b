import type { FastifyInstance, FastifyReply } from 'fastify';
import type { EventView } from '../domain/event.ts';
import { isUuid } from '../runtime/ids.ts';
import type { BrowseStore } from '../store/store.ts';
import { replyInvalidQuery, replyProblem } from './reply.ts';
import { keyQuerySchema } from './schemas.ts';

/** `GET /webhooks/{id}` and `GET /webhooks?idempotency_key=`: how far an event's processing is. */
export function registerStatus(
  api: FastifyInstance,
  store: Pick<BrowseStore, 'eventById' | 'eventByKey'>,
): void {
  api.get<{ Params: { id: string } }>('/webhooks/:id', async (request, reply) => {
    const id = request.params.id.toLowerCase();
    return replyEvent(reply, isUuid(id) ? await store.eventById(id) : null);
  });

  api.get('/webhooks', async (request, reply) => {
    const query = keyQuerySchema.safeParse(request.query);
    if (!query.success) {
      const detail = 'Ask with ?idempotency_key= and, if it is not default, &source=.';
      return replyInvalidQuery(reply, detail, query.error);
    }
    const { source, idempotency_key } = query.data;
    return replyEvent(reply, await store.eventByKey(source, idempotency_key));
  });
}

function replyEvent(reply: FastifyReply, event: EventView | null): FastifyReply {
  if (event === null) return replyProblem(reply, 'not_found', 'No event of that id or key is kept here.');
  return reply.send(eventBody(event));
}

/** An event as the API shows it. */
export function eventBody(event: EventView): Record<string, unknown> {
  return {
    id: event.id,
    idempotency_key: event.idempotencyKey,
    status: event.status,
    created_at: timeText(event.receivedAtMs),
    updated_at: timeText(event.updatedAtMs),
    attempts: event.attempts,
  };
}

/** RFC 3339, UTC. */
export function timeText(timeMs: number): string {
  return new Date(timeMs).toISOString();
}

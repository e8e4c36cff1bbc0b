import { createHash, timingSafeEqual } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import type { Attempt } from '../domain/attempt.ts';
import type { Delivery } from '../domain/delivery.ts';
import type { Clock } from '../runtime/clock.ts';
import { isUuid } from '../runtime/ids.ts';
import type { BrowseStore, OperateStore } from '../store/store.ts';
import { type BlockedParts, registerBlocked } from './admin-blocked.ts';
import { type RejectedParts, registerRejected } from './admin-rejected.ts';
import { registerSourceState, type SourceStateParts } from './admin-source-state.ts';
import { replyInvalidQuery, replyProblem } from './reply.ts';
import { pageQuerySchema } from './schemas.ts';
import { eventBody, timeText } from './status-route.ts';

export type AdminParts = RejectedParts &
  SourceStateParts &
  BlockedParts &
  Readonly<{
    store: BrowseStore & Pick<OperateStore, 'replay'>;
    clock: Clock;
    /** Opens the surface; with null none of its routes exist. */
    token: string | null;
  }>;

/** What operators may see and do beyond the public status: attempts, dead letters, replay. */
export function registerAdmin(api: FastifyInstance, parts: AdminParts): void {
  const { store, clock, token, onPending } = parts;
  if (token === null) return;
  const isToken = compareWith(token);

  api.register(async (admin) => {
    admin.addHook('onRequest', async (request, reply) => {
      if (isToken(request.headers.authorization)) return;
      reply.header('www-authenticate', 'Bearer');
      return replyProblem(reply, 'unauthorized', 'Send Authorization: Bearer and the ADMIN_TOKEN.');
    });

    registerRejected(admin, parts);
    registerSourceState(admin, parts);
    registerBlocked(admin, parts);

    admin.get<{ Params: { id: string } }>('/admin/webhooks/:id', async (request, reply) => {
      const id = request.params.id.toLowerCase();
      const event = isUuid(id) ? await store.eventById(id) : null;
      if (event === null) return replyProblem(reply, 'not_found', 'No event of that id is kept here.');
      const deliveries = await store.deliveriesOf(id);
      const tries = await Promise.all(deliveries.map((delivery) => store.attemptsOf(delivery.id)));
      return {
        ...eventBody(event),
        source: event.source,
        event_type: event.eventType,
        deliveries: deliveries.map((delivery, i) => ({
          ...deliveryBody(delivery),
          tries: tries[i]!.map(tryBody),
        })),
      };
    });

    admin.get('/admin/dead-letters', async (request, reply) => {
      const query = pageQuerySchema.safeParse(request.query);
      if (!query.success) {
        return replyInvalidQuery(
          reply,
          'Ask with ?limit= from 1 to 500, and &cursor= for a next page.',
          query.error,
        );
      }
      const page = await store.listDeadLetters(query.data.limit, query.data.cursor ?? null);
      return { deliveries: page.deliveries.map(deliveryBody), next: page.next };
    });

    admin.post<{ Params: { id: string } }>('/admin/deliveries/:id/replay', async (request, reply) => {
      const id = request.params.id.toLowerCase();
      const outcome = isUuid(id) ? await store.replay(id, clock.nowMs()) : ({ kind: 'unknown' } as const);
      switch (outcome.kind) {
        case 'replayed':
          // One that waits for its turn is told of when the turn comes.
          if (outcome.delivery.turn !== 'waits') onPending(outcome.delivery);
          return reply.code(202).send(deliveryBody(outcome.delivery));
        case 'unknown':
          return replyProblem(reply, 'not_found', 'No delivery of that id is kept here.');
        case 'open':
          return replyProblem(
            reply,
            'not_terminal',
            `The delivery is ${outcome.status}; only an ended one is replayed.`,
          );
        case 'full':
          return replyProblem(
            reply,
            'queue_full',
            'QUEUE_MAXSIZE deliveries are pending. Nothing was replayed.',
          );
      }
    });
  });
}

/** Compares digests, so that neither content nor length of the token shows in the time it takes. */
function compareWith(token: string): (header: string | undefined) => boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  const expected = digest(token);
  return (header = '') => /^Bearer /i.test(header) && timingSafeEqual(digest(header.slice(7)), expected);
}

function deliveryBody(delivery: Delivery): Record<string, unknown> {
  return {
    id: delivery.id,
    event_id: delivery.eventId,
    destination: delivery.destination,
    status: delivery.status,
    attempts: delivery.attempts,
    due_at: delivery.turn === 'waits' ? null : timeText(delivery.dueAtMs),
    last_error: delivery.lastError,
    created_at: timeText(delivery.createdAtMs),
    updated_at: timeText(delivery.updatedAtMs),
    replay_of: delivery.replayOf,
    order_key: delivery.orderKey,
    turn: delivery.turn,
  };
}

function tryBody(attempt: Attempt): Record<string, unknown> {
  return {
    number: attempt.number,
    started_at: timeText(attempt.startedAtMs),
    ended_at: timeText(attempt.endedAtMs),
    outcome: attempt.outcome,
    error: attempt.error,
    http_status: attempt.httpStatus,
    response_excerpt: attempt.responseExcerpt,
  };
}

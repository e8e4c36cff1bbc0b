import { z } from 'zod';
import { DELIVERY_STATUSES, type Delivery } from '../../domain/delivery.ts';
import { TURNS } from '../../domain/order.ts';
import type { Clock } from '../../runtime/clock.ts';
import { isUuid } from '../../runtime/ids.ts';
import type { BrowseStore, DeadLetterPage, OperateStore } from '../../store/store.ts';
import { type DocumentPart, idParameter, json, linkTo, queryParameters, referTo } from '../docs/operation.ts';
import { id, pageQuerySchema, time, timeText } from '../schemas.ts';
import { done, refuse } from './answer.ts';
import type { AddEndpoint } from './endpoint.ts';
import { adminOperation } from './operation.ts';

export type DeadLetterParts = Readonly<{
  store: Pick<BrowseStore, 'listDeadLetters'> & Pick<OperateStore, 'replay'>;
  clock: Clock;
  /** Called with each delivery that has become due. */
  onPending: (delivery: Pick<Delivery, 'id' | 'destination'>) => void;
}>;

export const deliverySchema = z.object({
  id: z.string().meta({ format: 'uuid', description: "UUIDv7: its event's with a number at the end." }),
  event_id: id,
  destination: z.string(),
  status: z.enum(DELIVERY_STATUSES),
  attempts: z.int().min(0).describe('Finished attempts.'),
  due_at: time.nullable().describe('Null while it waits for the turn of its order key.'),
  last_error: z.string().nullable(),
  created_at: time,
  updated_at: time,
  replay_of: z.string().nullable().describe('The delivery that this one repeats.'),
  order_key: z.string().nullable().describe('The key by which the destination orders its deliveries.'),
  turn: z
    .enum(TURNS)
    .nullable()
    .describe(
      'Whether it holds the turn of its order key or waits for it. A failed delivery that holds the turn blocks its key.',
    ),
});

const schemas = {
  Delivery: deliverySchema,
  DeadLetters: z.object({ deliveries: z.array(deliverySchema), next: z.string().nullable() }),
};
const ref = referTo(schemas);

/** `GET /admin/dead-letters` lists failed deliveries, `POST /admin/deliveries/{id}/replay` repeats an ended one. */
export function addDeadLetterEndpoints(add: AddEndpoint, parts: DeadLetterParts): void {
  const { store, clock, onPending } = parts;
  const list = {
    schema: pageQuerySchema,
    asks: 'Ask with ?limit= from 1 to 500, and &cursor= for a next page.',
  };
  add('GET /admin/dead-letters', { query: list }, async ({ query: { limit, cursor = null } }) =>
    done(pageBody(await store.listDeadLetters(limit, cursor))),
  );

  add('POST /admin/deliveries/:id/replay', {}, async ({ params, audit }) => {
    const id = params.id!.toLowerCase();
    const outcome = isUuid(id)
      ? await store.replay(id, clock.nowMs(), audit(id))
      : ({ kind: 'unknown' } as const);
    switch (outcome.kind) {
      case 'replayed':
        // A delivery that waits for its turn is announced when the turn comes.
        if (outcome.delivery.turn !== 'waits') onPending(outcome.delivery);
        return done(deliveryBody(outcome.delivery), 202);
      case 'unknown':
        return refuse('not_found', 'No delivery of that id is kept here.');
      case 'open':
        return refuse('not_terminal', `The delivery is ${outcome.status}; only an ended one is replayed.`);
      case 'erased':
        return refuse('erased', 'The event of the delivery is erased; there is nothing left to send.');
      case 'full':
        return refuse('queue_full', 'QUEUE_MAXSIZE deliveries are pending. Nothing was replayed.');
    }
  });
}

function pageBody({ deliveries, next }: DeadLetterPage): z.output<typeof schemas.DeadLetters> {
  return { deliveries: deliveries.map(deliveryBody), next };
}

export function deliveryBody(delivery: Delivery): z.output<typeof deliverySchema> {
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

export const deadLetterDocument: DocumentPart = {
  schemas,
  paths: {
    '/admin/dead-letters': {
      get: adminOperation({
        operationId: 'listDeadLetters',
        summary: 'Failed deliveries, newest first',
        parameters: queryParameters(pageQuerySchema),
        replies: {
          '200': json('A page.', ref('DeadLetters'), {
            nextPage: linkTo('listDeadLetters', { cursor: '$response.body#/next' }),
            replay: linkTo('replayDelivery', { id: '$response.body#/deliveries/0/id' }),
            event: linkTo('getWebhookDetails', { id: '$response.body#/deliveries/0/event_id' }),
          }),
        },
      }),
    },
    '/admin/deliveries/{id}/replay': {
      post: adminOperation({
        operationId: 'replayDelivery',
        summary: 'Repeat an ended delivery as a new delivery that points to it',
        parameters: [idParameter('Id of the delivery.')],
        replies: {
          '202': json('The new delivery; it is pending.', ref('Delivery'), {
            event: linkTo('getWebhookDetails', { id: '$response.body#/event_id' }),
          }),
        },
        problems: ['not_terminal', 'erased', 'queue_full'],
      }),
    },
  },
};

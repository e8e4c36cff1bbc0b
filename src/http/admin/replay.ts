import { z } from 'zod';
import type { Delivery } from '../../domain/delivery.ts';
import { mayActAs } from '../../domain/role.ts';
import type { Clock } from '../../runtime/clock.ts';
import { isUuid } from '../../runtime/ids.ts';
import type { Bound, OperateStore, ReplayOutcome } from '../../store/store.ts';
import { type DocumentPart, idParameter, json, linkTo, queryParameters, referTo } from '../docs/operation.ts';
import { type AdminAnswer, done, refuse } from './answer.ts';
import { deliveryBody, deliverySchema } from './delivery.ts';
import type { AddEndpoint } from './endpoint.ts';
import { adminOperation } from './operation.ts';
import { flagField } from './query-fields.ts';

export type ReplayParts = Readonly<{
  store: Pick<OperateStore, 'replay'>;
  clock: Clock;
  /** `closed`: destinations that get no deliveries now. */
  states: Readonly<{ closed(): readonly string[] }>;
  /** Called with each delivery that has become due. */
  onPending: (delivery: Pick<Delivery, 'id' | 'destination'>) => void;
}>;

const replayQuerySchema = z.strictObject({
  again: flagField('Also a delivery that was replayed before. For admins.'),
});

const schemas = { Delivery: deliverySchema };

/** `POST /admin/deliveries/{id}/replay` repeats an ended delivery, once. */
export function addReplayEndpoint(add: AddEndpoint, parts: ReplayParts): void {
  const { store, clock, states, onPending } = parts;
  const asked = { schema: replayQuerySchema, asks: 'Ask with ?again=true to replay a delivery once more.' };
  add('POST /admin/deliveries/:id/replay', { query: asked }, async (request) => {
    const { actor, params, audit, query } = request;
    const id = params.id!.toLowerCase();
    const isAdmin = actor.role !== 'system' && mayActAs(actor.role, 'admin');
    if (query.again && !isAdmin) return refuse('forbidden', 'To replay once more takes the role admin.');
    if (!isUuid(id)) return refuse('not_found', UNKNOWN);
    const options = { completed: isAdmin, again: query.again, beyondLimit: true, closed: states.closed() };
    const outcome = await store.replay(id, clock.nowMs(), options, audit(id));
    // A delivery that waits for its turn is announced when the turn comes.
    if (outcome.kind === 'replayed' && outcome.delivery.turn !== 'waits') onPending(outcome.delivery);
    return answerTo(outcome);
  });
}

const UNKNOWN = 'No delivery of that id is kept here.';

const FULL: Readonly<Record<Bound, string>> = {
  pending: 'QUEUE_MAXSIZE deliveries are pending. Nothing was replayed.',
  held: 'HELD_MAXSIZE deliveries wait for destinations that are held. Nothing was replayed.',
};

function answerTo(outcome: ReplayOutcome): AdminAnswer {
  switch (outcome.kind) {
    case 'replayed':
      return done(deliveryBody(outcome.delivery, 'unmasked'), 202);
    case 'unknown':
      return refuse('not_found', UNKNOWN);
    case 'open':
      return refuse('not_terminal', `The delivery is ${outcome.status}; only an ended one is replayed.`);
    case 'completed':
      return refuse('forbidden', 'The delivery is completed; to do it again takes the role admin.');
    case 'already_replayed':
      return refuse(
        'already_replayed',
        `The delivery was replayed as ${outcome.replayId}. Replay that one if it failed; an admin replays this one once more with ?again=true.`,
        { members: { replay_id: outcome.replayId } },
      );
    case 'erased':
      return refuse('erased', 'The event of the delivery is erased; there is nothing left to send.');
    case 'full':
      return refuse('queue_full', FULL[outcome.bound]);
  }
}

export const replayDocument: DocumentPart = {
  schemas,
  paths: {
    '/admin/deliveries/{id}/replay': {
      post: adminOperation({
        operationId: 'replayDelivery',
        summary: 'Repeat an ended delivery, once, as a new delivery that points to it',
        parameters: [idParameter('Id of the delivery.'), ...queryParameters(replayQuerySchema)],
        replies: {
          '202': json('The new delivery; it is pending.', referTo(schemas)('Delivery'), {
            event: linkTo('getWebhookDetails', { id: '$response.body#/event_id' }),
          }),
        },
        problems: ['not_terminal', 'already_replayed', 'erased', 'queue_full'],
      }),
    },
  },
};
export type ReplayedDelivery = z.output<typeof schemas.Delivery>;

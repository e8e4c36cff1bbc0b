import { z } from 'zod';
import { mayActAs } from '../../domain/role.ts';
import type { Shown } from '../../ingest/mask.ts';
import type { Clock } from '../../runtime/clock.ts';
import { fillDeadLetters } from '../../store/fill-dead-letters.ts';
import type { BrowseStore, DeadLetter, DeadLetterFilter } from '../../store/store.ts';
import { type DocumentPart, json, linkTo, queryParameters, referTo } from '../docs/operation.ts';
import { pageQuerySchema, time, timeText } from '../schemas.ts';
import { done, refuse } from './answer.ts';
import { deliveryBody, deliverySchema } from './delivery.ts';
import type { AddEndpoint } from './endpoint.ts';
import { adminOperation } from './operation.ts';
import { flagField, momentField, resolveMoment, textField } from './query-fields.ts';
import { shownUnasked } from './shown-request.ts';

export type DeadLetterParts = Readonly<{ store: Pick<BrowseStore, 'listDeadLetters'>; clock: Clock }>;

const deadLetterSchema = z.object({
  ...deliverySchema.shape,
  source: z.string(),
  event_type: z.string(),
  idempotency_key: z.string().nullable().describe('Of the event; null once it is erased.'),
  erased_at: time.optional().describe('When the event was erased: it can no longer be replayed.'),
});

const listQuerySchema = z.strictObject({
  ...pageQuerySchema.shape,
  destination: textField('Only of this destination.'),
  source: textField('Only of events of this source.'),
  type: textField('Only of events of this type.'),
  since: momentField('Only of events received at or after this time.'),
  until: momentField('Only of events received before this time.'),
  error: textField('Only those whose last error contains this text, in upper or lower case. For operators.'),
  superseded: flagField('Also those that were replayed.'),
});
type ListQuery = z.output<typeof listQuerySchema>;

const schemas = {
  DeadLetter: deadLetterSchema,
  DeadLetters: z.object({
    deliveries: z.array(deadLetterSchema),
    next: z
      .string()
      .nullable()
      .describe(
        'The cursor of the next page. A page that would take more than 2 s is short, and may be empty, before the last one.',
      ),
  }),
};
export type DeadLetters = z.output<typeof schemas.DeadLetters>;
const ref = referTo(schemas);

const ASKS =
  'Ask with ?limit= from 1 to 500, &cursor= for a next page, and &destination=, &source=, &type=, &since=, &until=, ' +
  '&error= or &superseded=true to see some.';

/** `GET /admin/dead-letters` lists failed deliveries. */
export function addDeadLetterEndpoints(add: AddEndpoint, { store, clock }: DeadLetterParts): void {
  const list = { schema: listQuerySchema, asks: ASKS };
  add('GET /admin/dead-letters', { query: list }, async ({ actor, query }) => {
    if (query.error !== undefined && (actor.role === 'system' || !mayActAs(actor.role, 'operator'))) {
      return refuse(
        'forbidden',
        'To look for an error takes the role operator: errors may quote what was answered.',
      );
    }
    const filter = filterOf(query, clock.nowMs());
    const { sinceMs = -Infinity, untilMs = Infinity } = filter;
    if (sinceMs >= untilMs)
      return refuse('invalid', 'Ask with &since= before &until=.', { errors: [ENDS_FIRST] });
    const { deliveries, next } = await fillDeadLetters(store, query.limit, query.cursor ?? null, filter);
    const shown = shownUnasked(actor.role);
    return done({ deliveries: deliveries.map((letter) => deadLetterBody(letter, shown)), next });
  });
}

const ENDS_FIRST = { field: '/until', message: 'a time after since' };

function filterOf(query: ListQuery, nowMs: number): DeadLetterFilter {
  const { destination, source, type: eventType, since, until, error, superseded } = query;
  const sinceMs = since === undefined ? undefined : resolveMoment(since, nowMs);
  const untilMs = until === undefined ? undefined : resolveMoment(until, nowMs);
  return {
    ...(destination !== undefined && { destination }),
    ...(source !== undefined && { source }),
    ...(eventType !== undefined && { eventType }),
    ...(sinceMs !== undefined && { sinceMs }),
    ...(untilMs !== undefined && { untilMs }),
    ...(error !== undefined && { error }),
    superseded,
  };
}

function deadLetterBody(letter: DeadLetter, shown: Shown): z.output<typeof deadLetterSchema> {
  const { source, eventType, idempotencyKey, erasedAtMs } = letter;
  return {
    ...deliveryBody(letter, shown),
    source,
    event_type: eventType,
    idempotency_key: idempotencyKey,
    ...(erasedAtMs !== null && { erased_at: timeText(erasedAtMs) }),
  };
}

export const deadLetterDocument: DocumentPart = {
  schemas,
  paths: {
    '/admin/dead-letters': {
      get: adminOperation({
        operationId: 'listDeadLetters',
        summary: 'Failed deliveries, newest first',
        parameters: queryParameters(listQuerySchema),
        replies: {
          '200': json('A page.', ref('DeadLetters'), {
            nextPage: linkTo('listDeadLetters', { cursor: '$response.body#/next' }),
            replay: linkTo('replayDelivery', { id: '$response.body#/deliveries/0/id' }),
            event: linkTo('getWebhookDetails', { id: '$response.body#/deliveries/0/event_id' }),
          }),
        },
      }),
    },
  },
};

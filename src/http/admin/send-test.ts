import { z } from 'zod';
import type { SendTest, SentTest } from '../../ingest/send-test.ts';
import type { Clock } from '../../runtime/clock.ts';
import { type DocumentPart, json, jsonBody, linkTo, pathParameter, referTo } from '../docs/operation.ts';
import { type AdminAnswer, done, refuse } from './answer.ts';
import type { AddEndpoint } from './endpoint.ts';
import { adminOperation } from './operation.ts';

export type SendTestEndpointParts = Readonly<{
  sendTest: () => SendTest;
  destinations: () => readonly Readonly<{ name: string }>[];
  clock: Clock;
}>;

const bodySchema = z.strictObject({
  destination: z.string().min(1).max(64).describe('The only destination that gets it.'),
});

const schemas = {
  SentTest: z.object({
    event_id: z.string(),
    delivery_id: z.string(),
    destination: z.string(),
    event_type: z.string(),
  }),
};
const ref = referTo(schemas);
export type SentTestBody = z.output<typeof schemas.SentTest>;

/** `POST /admin/sources/{name}/test` and `…/destinations/{name}/test`: events of origin `test`, each to one destination. */
export function addSendTestEndpoints(
  add: AddEndpoint,
  { sendTest, destinations, clock }: SendTestEndpointParts,
): void {
  const isThere = (wanted: string) => destinations().some(({ name }) => name === wanted);
  const asks = 'Send "destination", the only one that gets the test.';
  add(
    'POST /admin/sources/:name/test',
    { body: { schema: bodySchema, asks } },
    async ({ params, body, audit }) => {
      const { destination } = body;
      if (!isThere(destination)) return refuse('not_found', NO_DESTINATION);
      const name = params.name!;
      return answerTo(await sendTest().ofSource(name, destination, clock.nowMs(), audit(name)));
    },
  );
  add('POST /admin/destinations/:name/test', {}, async ({ params, audit }) => {
    const name = params.name!;
    if (!isThere(name)) return refuse('not_found', NO_DESTINATION);
    return answerTo(await sendTest().ofDestination(name, clock.nowMs(), audit(name)));
  });
}

const NO_DESTINATION = 'No destination of that name is configured.';

function answerTo(sent: SentTest): AdminAnswer {
  switch (sent.kind) {
    case 'sent': {
      const { eventId, deliveryId, destination, eventType } = sent;
      const body: SentTestBody = {
        ...{ event_id: eventId, delivery_id: deliveryId },
        ...{ destination, event_type: eventType },
      };
      return done(body, 202);
    }
    case 'unknown_source':
      return refuse('unknown_source', 'No source of that name is configured.');
    case 'unsigned':
      return refuse('invalid', sent.detail, { errors: [{ field: '', message: sent.detail }] });
    case 'full':
      return refuse('queue_full', 'There is no room for another delivery. Nothing was sent.');
  }
}

export const sendTestDocument: DocumentPart = {
  schemas,
  paths: {
    '/admin/sources/{name}/test': {
      post: adminOperation({
        operationId: 'testSource',
        summary: 'Send a request as the provider of a source would sign it, to one destination alone',
        parameters: [pathParameter('name', 'Name of the source.')],
        requestBody: jsonBody(bodySchema),
        replies: {
          '202': json('The event; its origin is `test`.', ref('SentTest'), {
            event: linkTo('getWebhookDetails', { id: '$response.body#/event_id' }),
          }),
        },
        problems: [
          ...(['unknown_source', 'queue_full', 'malformed_json'] as const),
          ...(['too_large', 'unsupported_media_type', 'overloaded'] as const),
        ],
      }),
    },
    '/admin/destinations/{name}/test': {
      post: adminOperation({
        operationId: 'testDestination',
        summary: 'Send an event that means nothing to a destination',
        parameters: [pathParameter('name', 'Name of the destination.')],
        replies: {
          '202': json('The event; its origin is `test`.', ref('SentTest'), {
            event: linkTo('getWebhookDetails', { id: '$response.body#/event_id' }),
          }),
        },
        problems: ['queue_full'],
      }),
    },
  },
};

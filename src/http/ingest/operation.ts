import { envelopeSchema } from '../../ingest/envelope.ts';
import { ANYWHERE, json, linkTo, problems, referTo } from '../docs/operation.ts';
import { receiptSchema } from '../schemas.ts';

export const ingestSchemas = { Envelope: envelopeSchema, Receipt: receiptSchema };
const ref = referTo(ingestSchemas);

const EXAMPLE = {
  idempotency_key: 'order-1001-created',
  event_type: 'order.created',
  payload: { order: 1001, total: '12.50', currency: 'EUR' },
};

/**
 * The media types of a reply that may also be a provider's own: the answer to a handshake, or the `reply` of a source,
 * of any type or without a body.
 */
export function ownAnswers(schema: object): object {
  const own = { description: 'The answer to a handshake, as its provider expects.' };
  return {
    'application/json': { schema: { anyOf: [schema, own] } },
    'text/plain': { schema: { type: 'string' } },
    '*/*': { schema: {} },
  };
}

export const OWN_REPLY = {
  description: 'The `reply` of the source, or the answer to a handshake; it may have no body.',
  content: { '*/*': { schema: {} } },
};

/** The description of a POST to the default source, or to a named one. */
export function ingestOperation(operationId: string, summary: string, parameters: readonly object[]): object {
  const source = parameters.length === 0 ? {} : { source: '$request.path.id' };
  const links = {
    status: linkTo('getWebhook', { id: '$response.body#/id' }),
    statusByKey: linkTo('findWebhook', { idempotency_key: '$response.body#/idempotency_key', ...source }),
    details: linkTo('getWebhookDetails', { id: '$response.body#/id' }),
  };
  return {
    operationId,
    summary,
    tags: ['webhooks'],
    parameters,
    requestBody: {
      description:
        'Any media type of JSON will do, such as `application/cloudevents+json`. A source with verification takes ' +
        'what its provider sends, of any type and content encoding and by the further methods that the provider ' +
        'uses (GET of Twilio; GET, PUT, PATCH and DELETE of Zendesk), and answers as the provider expects.',
      required: true,
      content: { 'application/json': { schema: ref('Envelope'), example: EXAMPLE } },
    },
    responses: {
      '202': {
        ...json('New: it is on disk and will be processed.', ref('Receipt'), links),
        content: ownAnswers(ref('Receipt')),
      },
      '200': {
        ...json(
          'Known by its key: its current status. It is not processed again. Or the answer to a handshake.',
          ref('Receipt'),
          links,
        ),
        content: ownAnswers(ref('Receipt')),
      },
      '2XX': OWN_REPLY,
      ...problems(
        ...ANYWHERE,
        'malformed_json',
        'unverified',
        'handshake_refused',
        'unknown_source',
        'too_large',
        'unsupported_media_type',
        'invalid',
        'queue_full',
        'unsupported_transfer_coding',
        'overloaded',
        'keys_unavailable',
        'store_error',
        'shutting_down',
      ),
    },
  };
}

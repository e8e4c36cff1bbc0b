import { blockedQuerySchema, orderKeyQuerySchema, rejectedQuerySchema } from './admin-schemas.ts';
import { ANYWHERE, json, pathParameter, problems, queryParameters, ref } from './openapi-parts.ts';
import { pageQuerySchema } from './schemas.ts';

/** The paths of the admin surface. */
export function adminPaths(): Record<string, object> {
  return {
    '/admin/webhooks/{name}': { get: detailsOperation() },
    '/admin/dead-letters': { get: deadLettersOperation() },
    '/admin/deliveries/{name}/replay': { post: replayOperation() },
    '/admin/blocked-keys': { get: blockedListOperation() },
    '/admin/blocked-keys/release': { post: releaseOperation() },
    '/admin/rejected': { get: rejectedListOperation() },
    '/admin/rejected/{name}': { get: rejectedOperation() },
    '/admin/rejected/{name}/reverify': { post: reverifyOperation() },
    '/admin/sources/{name}/state': { get: stateOperation() },
    '/admin/sources/{name}/state/{entry}': { delete: dropStateOperation() },
  };
}

/** What every operation of the admin surface has; without ADMIN_TOKEN all of them are 404. */
const ADMIN = { tags: ['admin'], security: [{ adminToken: [] }] };
const ADMIN_PROBLEMS = [...ANYWHERE, 'unauthorized', 'not_found', 'store_error'] as const;

function detailsOperation(): object {
  return {
    ...ADMIN,
    operationId: 'getWebhookDetails',
    summary: 'An event with its deliveries and their attempts',
    parameters: [pathParameter('Id of the event.', { type: 'string', format: 'uuid' })],
    responses: { '200': json('The event.', ref('EventDetails')), ...problems(...ADMIN_PROBLEMS) },
  };
}

function deadLettersOperation(): object {
  return {
    ...ADMIN,
    operationId: 'listDeadLetters',
    summary: 'Failed deliveries, newest first',
    parameters: queryParameters(pageQuerySchema),
    responses: { '200': json('A page.', ref('DeadLetters')), ...problems(...ADMIN_PROBLEMS, 'invalid') },
  };
}

function replayOperation(): object {
  return {
    ...ADMIN,
    operationId: 'replayDelivery',
    summary: 'Try an ended delivery anew, as a new delivery that points to it',
    parameters: [pathParameter('Id of the delivery.', { type: 'string', format: 'uuid' })],
    responses: {
      '202': json('The new delivery; it is pending.', ref('Delivery')),
      ...problems(...ADMIN_PROBLEMS, 'not_terminal', 'queue_full'),
    },
  };
}

function blockedListOperation(): object {
  return {
    ...ADMIN,
    operationId: 'listBlockedKeys',
    summary: 'Order keys that a failed delivery blocks, by destination and key',
    parameters: queryParameters(blockedQuerySchema),
    responses: { '200': json('A page.', ref('BlockedKeys')), ...problems(...ADMIN_PROBLEMS, 'invalid') },
  };
}

function releaseOperation(): object {
  return {
    ...ADMIN,
    operationId: 'releaseBlockedKey',
    summary: 'Leave the failed delivery as it is, and go on with the next of its key',
    parameters: queryParameters(orderKeyQuerySchema),
    responses: {
      '200': json('It is released.', ref('Released')),
      ...problems(...ADMIN_PROBLEMS, 'invalid'),
    },
  };
}

const REJECTED_ID = pathParameter('Id of the rejected request.', { type: 'string', format: 'uuid' });
const SOURCE_NAME = pathParameter('Name of the source.', { type: 'string' });

function rejectedListOperation(): object {
  return {
    ...ADMIN,
    operationId: 'listRejected',
    summary: 'Requests that were not verified, newest first',
    parameters: queryParameters(rejectedQuerySchema),
    responses: { '200': json('A page.', ref('RejectedList')), ...problems(...ADMIN_PROBLEMS, 'invalid') },
  };
}

function rejectedOperation(): object {
  return {
    ...ADMIN,
    operationId: 'getRejected',
    summary: 'A request that was not verified, with headers and body',
    parameters: [REJECTED_ID],
    responses: { '200': json('The request.', ref('RejectedRequest')), ...problems(...ADMIN_PROBLEMS) },
  };
}

function reverifyOperation(): object {
  return {
    ...ADMIN,
    operationId: 'reverifyRejected',
    summary: 'Verify a rejected request anew, as of its time, and take its event if it is good',
    parameters: [REJECTED_ID],
    responses: {
      '200': json('What came of it.', ref('Reverified')),
      ...problems(...ADMIN_PROBLEMS, 'queue_full', 'keys_unavailable'),
    },
  };
}

function stateOperation(): object {
  return {
    ...ADMIN,
    operationId: 'getSourceState',
    summary: 'What handshakes have left with a source',
    parameters: [SOURCE_NAME],
    responses: { '200': json('The entries.', ref('SourceState')), ...problems(...ADMIN_PROBLEMS) },
  };
}

function dropStateOperation(): object {
  return {
    ...ADMIN,
    operationId: 'dropSourceState',
    summary: 'Forget an entry, so that the handshake may be done anew',
    parameters: [SOURCE_NAME, pathParameter('Name of the entry.', { type: 'string' }, 'entry')],
    responses: { '204': { description: 'It is forgotten.' }, ...problems(...ADMIN_PROBLEMS) },
  };
}

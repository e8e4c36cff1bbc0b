import { z } from 'zod';
import type { OperationAnswer, Operations } from '../../bulk/operations.ts';
import { OPERATION_KINDS, OPERATION_RATE } from '../../domain/operation.ts';
import type { Clock } from '../../runtime/clock.ts';
import { isUuid } from '../../runtime/ids.ts';
import {
  type DocumentPart,
  idParameter,
  json,
  jsonBody,
  linkTo,
  queryParameters,
  referTo,
} from '../docs/operation.ts';
import { pageQuerySchema } from '../schemas.ts';
import { type AdminAnswer, done, refuse } from './answer.ts';
import type { AddEndpoint, AdminRequest } from './endpoint.ts';
import { adminOperation } from './operation.ts';
import { operationBody, operationSchema } from './operation-body.ts';

export type OperationParts = Readonly<{ operations: Operations; clock: Clock }>;

const { least, most, usual } = OPERATION_RATE;
const rate = z
  .string(`a rate such as "${usual}/s"`)
  .optional()
  .describe(`Targets a second, from ${least}/s to ${most}/s; ${usual}/s if it is left out.`);

const planSchema = z.strictObject({
  kind: z
    .enum(OPERATION_KINDS, `one of ${OPERATION_KINDS.join(', ')}`)
    .describe('What is done to each target.'),
  q: z
    .string('the text of a filter')
    .describe('The filter, such as `status:failed destination:crm since:2h`. It may not be empty.'),
  to: z.string('the name of a destination').min(1).max(64).optional().describe('Where a `route` leads.'),
  rate,
});
const PLAN_ASKS = 'Send {"kind", "q", "to"?, "rate"?}: what to do to what a filter selects.';

const EXPECT_TAKES = 'a whole number';
const runSchema = z.strictObject({
  expect: z
    .int(EXPECT_TAKES)
    .min(0, EXPECT_TAKES)
    .optional()
    .describe('How many targets it is about; compared, and required above 1000.'),
  rate,
});
const RUN_ASKS = 'Send {"expect"?, "rate"?}: how many targets are expected, and how many a second.';

const schemas = {
  BulkOperation: operationSchema,
  BulkOperations: z.object({ operations: z.array(operationSchema), next: z.string().nullable() }),
};
export type OperationBody = z.output<typeof schemas.BulkOperation>;
export type OperationBodies = z.output<typeof schemas.BulkOperations>;
const ref = referTo(schemas);

/** Bulk operations: plan, run, cancel, take back, list, show. */
export function addOperationEndpoints(add: AddEndpoint, { operations, clock }: OperationParts): void {
  type Caller = Pick<AdminRequest<unknown, unknown>, 'actor'>;
  const show = ({ actor }: Caller, operation: Parameters<typeof operationBody>[0]) =>
    operationBody(operation, actor, operations.waitsFor(operation.id), clock.nowMs());
  const answer = (caller: Caller, outcome: OperationAnswer, status: number): AdminAnswer => {
    if (outcome.kind === 'done') return done(show(caller, outcome.operation), status);
    const { code, detail, errors } = outcome;
    return refuse(code, detail, errors === undefined ? {} : { errors });
  };
  const idOf = ({ params }: Readonly<{ params: Readonly<Record<string, string>> }>) => {
    const id = params.id!.toLowerCase();
    return isUuid(id) ? id : null;
  };

  add('POST /admin/operations', { body: { schema: planSchema, asks: PLAN_ASKS } }, async (request) => {
    const outcome = await operations.plan(request.body, request.actor);
    const isCounting = outcome.kind === 'done' && outcome.operation.state === 'counting';
    return answer(request, outcome, isCounting ? 202 : 200);
  });

  const list = { schema: pageQuerySchema, asks: 'Ask with ?limit= from 1 to 500, &cursor= for a next page.' };
  add('GET /admin/operations', { query: list }, async (request) => {
    const { limit, cursor = null } = request.query;
    const before = cursor !== null && isUuid(cursor) ? cursor : null;
    const page = await operations.list(limit, before);
    return done({ operations: page.operations.map((each) => show(request, each)), next: page.next });
  });

  add('GET /admin/operations/:id', {}, async (request) => {
    const id = idOf(request);
    const operation = id === null ? null : await operations.read(id);
    return operation === null ? refuse('not_found', UNKNOWN) : done(show(request, operation));
  });

  add('POST /admin/operations/:id/run', { body: { schema: runSchema, asks: RUN_ASKS } }, async (request) => {
    const id = idOf(request);
    if (id === null) return refuse('not_found', UNKNOWN);
    return answer(request, await operations.run(id, request.body, request.actor), 202);
  });
  add('POST /admin/operations/:id/cancel', {}, async (request) => {
    const id = idOf(request);
    if (id === null) return refuse('not_found', UNKNOWN);
    return answer(request, await operations.cancel(id, request.actor), 200);
  });
  add('POST /admin/operations/:id/take-back', {}, async (request) => {
    const id = idOf(request);
    if (id === null) return refuse('not_found', UNKNOWN);
    return answer(request, await operations.takeBack(id, request.actor), 202);
  });
}

const UNKNOWN = 'No operation of that id is kept here.';

const ID = idParameter('Id of the operation.');
const BODY_PROBLEMS = ['malformed_json', 'too_large', 'unsupported_media_type', 'overloaded'] as const;
const LINKS = {
  show: linkTo('getBulkOperation', { id: '$response.body#/id' }),
  run: linkTo('runBulkOperation', { id: '$response.body#/id' }),
  cancel: linkTo('cancelBulkOperation', { id: '$response.body#/id' }),
  takeBack: linkTo('takeBackBulkOperation', { id: '$response.body#/id' }),
};

export const operationDocument: DocumentPart = {
  schemas,
  paths: {
    '/admin/operations': {
      post: adminOperation({
        operationId: 'planBulkOperation',
        summary: 'Plan a bulk operation: find and count what a filter selects, and change nothing',
        requestBody: jsonBody(planSchema),
        replies: {
          '200': json('The plan; it may be run for 15 minutes.', ref('BulkOperation'), LINKS),
          '202': json(
            'It is still being counted: ask for it until `count` is a number.',
            ref('BulkOperation'),
            LINKS,
          ),
        },
        problems: BODY_PROBLEMS,
      }),
      get: adminOperation({
        operationId: 'listBulkOperations',
        summary: 'Bulk operations, newest first',
        parameters: queryParameters(pageQuerySchema),
        replies: {
          '200': json('A page.', ref('BulkOperations'), {
            nextPage: linkTo('listBulkOperations', { cursor: '$response.body#/next' }),
          }),
        },
      }),
    },
    '/admin/operations/{id}': {
      get: adminOperation({
        operationId: 'getBulkOperation',
        summary: 'A bulk operation: what it is about, how far it has come, and what it came to',
        parameters: [ID],
        replies: { '200': json('The operation.', ref('BulkOperation'), LINKS) },
      }),
    },
    '/admin/operations/{id}/run': {
      post: adminOperation({
        operationId: 'runBulkOperation',
        summary: 'Run a plan',
        parameters: [ID],
        requestBody: jsonBody(runSchema),
        replies: { '202': json('It runs.', ref('BulkOperation'), LINKS) },
        problems: [...BODY_PROBLEMS, 'count_differs', 'plan_expired', 'operation_state'],
      }),
    },
    '/admin/operations/{id}/cancel': {
      post: adminOperation({
        operationId: 'cancelBulkOperation',
        summary: 'End an operation where it is; what was done stays',
        parameters: [ID],
        replies: { '200': json('It is cancelled.', ref('BulkOperation'), LINKS) },
        problems: ['operation_state', 'overloaded'],
      }),
    },
    '/admin/operations/{id}/take-back': {
      post: adminOperation({
        operationId: 'takeBackBulkOperation',
        summary: 'Remove what an operation made, as far as it is pending and was never tried',
        parameters: [ID],
        replies: { '202': json('It is being taken back.', ref('BulkOperation'), LINKS) },
        problems: ['operation_state', 'overloaded'],
      }),
    },
  },
};

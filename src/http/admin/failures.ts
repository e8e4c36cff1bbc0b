import { z } from 'zod';
import { eventIdOf } from '../../domain/delivery.ts';
import { FAILURE_CLASSES, failureClassOf } from '../../domain/failure-class.ts';
import { FILTER_LIMITS, type Filter, type Term } from '../../filter/filter.ts';
import { printFilter } from '../../filter/print-filter.ts';
import type { Shown } from '../../ingest/mask.ts';
import type { FailureGroup, FailureStore } from '../../store/store.ts';
import { type DocumentPart, json, linkTo, queryParameters, referTo } from '../docs/operation.ts';
import { time, timeText } from '../schemas.ts';
import { done } from './answer.ts';
import type { AddEndpoint } from './endpoint.ts';
import { adminOperation } from './operation.ts';
import { textField } from './query-fields.ts';
import { shownError, shownUnasked } from './shown-request.ts';

export type FailureParts = Readonly<{ store: FailureStore }>;

const querySchema = z.strictObject({ destination: textField('Only of this destination.') });

/** The name of what is not told apart. */
const REST = 'other';

const groupSchema = z.object({
  destination: z.string(),
  group: z
    .string()
    .describe(
      'Its name in filters, such as `group:0f1e2d3c4b5a6978`. `other`: all that is not told apart, which are the causes ' +
        'beyond the 200 largest of the destination, erased events, and what an earlier version has given up.',
    ),
  class: z.enum(FAILURE_CLASSES).nullable().describe('What kind of trouble it was; null for `other`.'),
  http_status: z.int().nullable().describe('What was answered, if anything.'),
  count: z.int().min(1).describe('Dead letters of the cause: failed, neither replayed nor deleted.'),
  first_at: time.describe('When the first of them failed.'),
  last_at: time.describe('When the last of them failed.'),
  sample: z
    .object({
      event_id: z.string(),
      delivery_id: z.string(),
      error: z.string().nullable().describe('`[redacted]` for a viewer.'),
      response_excerpt: z.string().nullable().describe('`[redacted]` for a viewer.'),
    })
    .nullable()
    .describe('The one that failed last; null for `other`.'),
  filter: z.string().describe('The filter that selects exactly these dead letters.'),
});

const schemas = {
  FailureGroup: groupSchema,
  FailureGroups: z.object({ failures: z.array(groupSchema) }),
};
export type FailureGroups = z.output<typeof schemas.FailureGroups>;
const ref = referTo(schemas);

/** `GET /admin/failures`: the dead letters by cause. */
export function addFailureEndpoints(add: AddEndpoint, { store }: FailureParts): void {
  const query = { schema: querySchema, asks: 'Ask with ?destination= for one, or without a query.' };
  add('GET /admin/failures', { query }, async ({ actor, query: { destination } }) => {
    const groups = await store.failureGroups(destination ?? null);
    const shown = shownUnasked(actor.role);
    const named = Map.groupBy(groups, (one) => one.destination);
    const body: z.output<typeof schemas.FailureGroups> = {
      failures: groups.map((one) => groupBody(one, named.get(one.destination)!, shown)),
    };
    return done(body);
  });
}

function groupBody(
  one: FailureGroup,
  ofDestination: readonly FailureGroup[],
  shown: Shown,
): z.output<typeof groupSchema> {
  const { destination, group, count, sample } = one;
  const others = ofDestination.flatMap(({ group: name }) => name ?? []);
  return {
    destination,
    group: group ?? REST,
    class: sample === null ? null : failureClassOf(sample),
    http_status: sample?.httpStatus ?? null,
    count,
    first_at: timeText(one.firstAtMs),
    last_at: timeText(one.lastAtMs),
    sample: sample === null ? null : sampleBody(sample, shown),
    filter: printFilter(filterOfGroup(destination, group, others)),
  };
}

/**
 * The filter that selects exactly the dead letters of a group of failures.
 * @param group null for the rest: what is in none of `others`
 * @param others the groups of the destination that are told apart
 */
function filterOfGroup(destination: string, group: string | null, others: readonly string[]): Filter {
  const dead: readonly Term[] = [
    { field: 'destination', values: [destination], negated: false },
    { field: 'status', values: ['failed'], negated: false },
    { field: 'replay', value: false, negated: false },
  ];
  if (group !== null) return [...dead, { field: 'group', values: [group], negated: false }];
  const lists = Array.from({ length: Math.ceil(others.length / FILTER_LIMITS.values) }, (_, at) =>
    others.slice(at * FILTER_LIMITS.values, (at + 1) * FILTER_LIMITS.values),
  );
  return [...dead, ...lists.map((values): Term => ({ field: 'group', values, negated: true }))];
}

function sampleBody(sample: NonNullable<FailureGroup['sample']>, shown: Shown) {
  return {
    event_id: eventIdOf(sample.deliveryId),
    delivery_id: sample.deliveryId,
    error: shownError(sample.error, shown),
    response_excerpt: shownError(sample.responseExcerpt, shown),
  };
}

export const failureDocument: DocumentPart = {
  schemas,
  paths: {
    '/admin/failures': {
      get: adminOperation({
        operationId: 'listFailures',
        summary: 'Dead letters by cause, the largest groups of each destination first',
        parameters: queryParameters(querySchema),
        replies: {
          '200': json('The groups.', ref('FailureGroups'), {
            members: linkTo('searchEvents', { q: '$response.body#/failures/0/filter' }),
            sample: linkTo('getWebhookDetails', { id: '$response.body#/failures/0/sample/event_id' }),
          }),
        },
      }),
    },
  },
};

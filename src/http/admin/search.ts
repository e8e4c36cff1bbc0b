import { Readable } from 'node:stream';
import { z } from 'zod';
import type { Actor } from '../../domain/audit.ts';
import { DELIVERY_STATUSES } from '../../domain/delivery.ts';
import { messageOf } from '../../domain/errors.ts';
import { mayActAs } from '../../domain/role.ts';
import { asksForMasked, type Filter, resolveFilter } from '../../filter/filter.ts';
import { printFilter } from '../../filter/print-filter.ts';
import { describeMistake, readFilter } from '../../filter/read-filter.ts';
import { type Clock, monotonicMs } from '../../runtime/clock.ts';
import type { Search, Searches, SearchStep } from '../../store/run-search.ts';
import type { SearchHit } from '../../store/store.ts';
import { type DocumentPart, json, linkTo, queryParameters, referTo } from '../docs/operation.ts';
import { eventBody, eventSchema, limitField, originField, time, timeText } from '../schemas.ts';
import { done, type Refusal, refuse, stream } from './answer.ts';
import type { AddEndpoint } from './endpoint.ts';
import { adminOperation } from './operation.ts';
import { cursorField } from './query-fields.ts';

export type SearchParts = Readonly<{ searches: Searches; clock: Clock }>;

const querySchema = z.strictObject({
  q: z
    .string()
    .default('')
    .describe('The filter, such as `status:failed destination:crm since:2h`. Empty: every event.'),
  limit: limitField('Most events of the answer.'),
  cursor: cursorField('The `next` of the previous answer.'),
});

const foundSchema = z.object({
  ...eventSchema.shape,
  source: z.string(),
  event_type: z.string(),
  origin: originField,
  deliveries: z
    .array(
      z.object({
        id: z.string(),
        destination: z.string(),
        status: z.enum(DELIVERY_STATUSES),
        attempts: z.int().min(0),
      }),
    )
    .describe('Those that fit what the filter says of deliveries; all of them where it says nothing.'),
});

const searchedTo = time
  .nullable()
  .describe('When the last event that was looked at was received; null if there was none.');

const schemas = {
  FoundEvents: z.object({
    events: z.array(foundSchema),
    next: z.string().nullable().describe('Where to go on; null when every event was looked at.'),
    searched_to: searchedTo,
  }),
};
export type FoundEvents = z.output<typeof schemas.FoundEvents>;

const NDJSON = 'application/x-ndjson';
/** How often a stream tells how far the search is, hits or not. */
const PROGRESS_MS = 500;

/** `GET /admin/events`: the events that fit a filter, as a page or as a stream. */
export function addSearchEndpoints(add: AddEndpoint, { searches, clock }: SearchParts): void {
  const query = {
    schema: querySchema,
    asks: 'Ask with ?q= for a filter, &limit= from 1 to 500, &cursor= for a next page.',
  };
  add('GET /admin/events', { query }, async ({ actor, query: { q, limit, cursor = null }, accept }) => {
    const read = readFor(actor.role, q);
    if (read.kind === 'refused') return read;
    const search = { filter: resolveFilter(read.filter, clock.nowMs()), limit, cursor };
    if (accept.includes(NDJSON)) return stream(NDJSON, streamOf(searches, search));
    const page = await searches.page(search);
    if (page === 'busy') return refuse('overloaded', 'Two searches are under way already. Ask again.');
    const { hits, next, searchedToMs } = page;
    const body: z.output<typeof schemas.FoundEvents> = {
      events: hits.map(hitBody),
      next,
      searched_to: timeOrNull(searchedToMs),
    };
    return done(body);
  });
}

/** Reads the filter of a caller with this role. What is masked for a viewer could otherwise be found out by asking. */
export function readFor(
  role: Actor['role'],
  text: string,
): Refusal | Readonly<{ kind: 'read'; filter: Filter }> {
  const reading = readFilter(text);
  if (reading.kind === 'mistaken') {
    const message = describeMistake(reading.mistake);
    return refuse('invalid', `The filter is wrong at ${message}.`, { errors: [{ field: '/q', message }] });
  }
  const masked = reading.filter.find(asksForMasked);
  if (masked === undefined || role === 'system' || mayActAs(role, 'operator')) return reading;
  return refuse(
    'forbidden',
    `The term ${printFilter([masked])} takes the role operator: it reads what is masked.`,
  );
}

/** Lines of JSON: `event` for each hit, `progress` from time to time, and `end`, or `error` if the store fails. */
function streamOf(searches: Searches, search: Search): Readable {
  const gone = new AbortController();
  const lines = Readable.from(linesOf(searches, search, gone.signal));
  // Nobody reads any more: the search ends after the slice that is under way.
  lines.once('close', () => gone.abort());
  return lines;
}

async function* linesOf(searches: Searches, search: Search, signal: AbortSignal): AsyncGenerator<string> {
  let toldMs = monotonicMs();
  try {
    let last: SearchStep | null = null;
    for await (const step of searches.steps(search, signal)) {
      last = step;
      if (step.hits.length > 0) yield step.hits.map((hit) => line({ event: hitBody(hit) })).join('');
      if (monotonicMs() - toldMs < PROGRESS_MS) continue;
      toldMs = monotonicMs();
      yield line({ progress: progressOf(step) });
    }
    yield line({ end: { next: last?.next ?? null, ...progressOf(last!) } });
  } catch (error) {
    if (!signal.aborted) yield line({ error: { code: 'store_error', detail: messageOf(error) } });
  }
}

function progressOf({ scanned, searchedToMs }: SearchStep): object {
  return { searched_to: timeOrNull(searchedToMs), scanned };
}

function line(value: object): string {
  return `${JSON.stringify(value)}\n`;
}

function hitBody({ event, deliveries }: SearchHit): z.output<typeof foundSchema> {
  return {
    ...eventBody(event),
    source: event.source,
    event_type: event.eventType,
    origin: event.origin,
    deliveries: deliveries.map(({ id, destination, status, attempts }) => ({
      id,
      destination,
      status,
      attempts,
    })),
  };
}

function timeOrNull(timeMs: number | null): string | null {
  return timeMs === null ? null : timeText(timeMs);
}

export const searchDocument: DocumentPart = {
  schemas,
  paths: {
    '/admin/events': {
      get: adminOperation({
        operationId: 'searchEvents',
        summary: 'Events that fit a filter, newest first',
        parameters: queryParameters(querySchema),
        replies: {
          '200': {
            ...json(
              'What was found within two seconds. With `Accept: application/x-ndjson` a line of JSON for each event, and for the progress.',
              referTo(schemas)('FoundEvents'),
              {
                nextPage: linkTo('searchEvents', { cursor: '$response.body#/next' }),
                event: linkTo('getWebhookDetails', { id: '$response.body#/events/0/id' }),
              },
            ),
            content: {
              'application/json': { schema: referTo(schemas)('FoundEvents') },
              [NDJSON]: { schema: { type: 'string' } },
            },
          },
        },
        problems: ['overloaded'],
      }),
    },
  },
};

import { z } from 'zod';
import type { AuditEntry } from '../../domain/audit.ts';
import type { Delivery } from '../../domain/delivery.ts';
import type { Clock } from '../../runtime/clock.ts';
import { isUuid } from '../../runtime/ids.ts';
import {
  type EraseSelection,
  MAX_ERASED,
  type Selected,
  selectErasable,
} from '../../store/select-erasable.ts';
import type { BrowseStore, EraseOutcome, EraseStore, TracesOutcome } from '../../store/store.ts';
import { type DocumentPart, idParameter, json, jsonBody, referTo } from '../docs/operation.ts';
import { type AdminAnswer, done, type Refusal, refuse } from './answer.ts';
import type { AddEndpoint, AdminRequest } from './endpoint.ts';
import { adminOperation } from './operation.ts';

export type EraseParts = Readonly<{
  store: EraseStore & Pick<BrowseStore, 'hasEvents'>;
  clock: Clock;
  /** Called with each delivery that has become due. */
  onPending: (delivery: Pick<Delivery, 'id' | 'destination'>) => void;
}>;

/** Above this the caller has to say how many events it expects. */
const EXPECT_ABOVE = 1_000;

const timeField = z.iso.datetime({ offset: true, error: 'a time such as 2026-11-01T10:00:00Z' });
const WAYS = 'one of "ids", "source" with "key", and "source" with "since" and "until"';

const eraseFields = z.strictObject({
  ids: z
    .array(z.string().toLowerCase().refine(isUuid, 'the id of an event'))
    .min(1)
    .max(MAX_ERASED, `at most ${MAX_ERASED} ids`)
    .optional()
    .describe('Ids of events.'),
  source: z.string().min(1).max(64).optional(),
  key: z.string().min(1).max(4096).optional().describe('An idempotency key of the source.'),
  since: timeField.optional().describe('Events that were received from then on …'),
  until: timeField.optional().describe('… and before then.'),
  expect: z.int().min(0).optional().describe(`How many events it is about; required above ${EXPECT_ABOVE}.`),
});
type EraseBody = z.output<typeof eraseFields>;

const eraseSchema = eraseFields
  .refine((body) => selectionOf(body) !== null, { error: WAYS, path: [] })
  .refine(({ since, until }) => !since || !until || Date.parse(since) < Date.parse(until), {
    error: 'a time after "since"',
    path: ['until'],
  });

const erasedSchema = z.object({
  erased: z.int().min(0).describe('Events that were erased now.'),
  erased_before: z.int().min(0),
  unknown: z.int().min(0).describe('Ids of which no event is kept here.'),
  traces: z
    .enum(['removed', 'held', 'left_to_vacuum'])
    .describe(
      '`removed`: nothing is left in the database. `held`: readers keep the -wal file from being truncated; the receiver goes ' +
        'on trying. `left_to_vacuum`: PostgreSQL has old row versions until VACUUM FULL and a checkpoint.',
    ),
  held_by: z.array(z.string()).optional().describe('The readers, as far as the system names them.'),
});

const schemas = { Erased: erasedSchema };
export type ErasedBody = z.output<typeof erasedSchema>;

/** Erases events: one by its id, or all that a body names. */
export function addEraseEndpoints(add: AddEndpoint, parts: EraseParts): void {
  add('POST /admin/webhooks/:id/erase', {}, async ({ params, audit }) => {
    const id = params.id!.toLowerCase();
    if (!isUuid(id)) return refuse('not_found', UNKNOWN);
    return erase(parts, { by: 'ids', ids: [id] }, undefined, audit);
  });

  const asks = `Send ${WAYS}, and above ${EXPECT_ABOVE} events "expect".`;
  add('POST /admin/erase', { body: { schema: eraseSchema, asks } }, async ({ body, audit }) =>
    erase(parts, selectionOf(body)!, body.expect, audit),
  );
}

const UNKNOWN = 'No event of that id is kept here.';

/** The events that the body names; null if it does not name them in exactly one way. */
function selectionOf({ ids, source, key, since, until }: EraseBody): EraseSelection | null {
  const given = [ids, source, key, since, until].map((value) => (value === undefined ? 0 : 1)).join('');
  switch (given) {
    case '10000':
      return { by: 'ids', ids: ids! };
    case '01100':
      return { by: 'key', source: source!, key: key! };
    case '01011':
      return { by: 'time', source: source!, sinceMs: Date.parse(since!), untilMs: Date.parse(until!) };
    default:
      return null;
  }
}

async function erase(
  { store, clock, onPending }: EraseParts,
  selection: EraseSelection,
  expect: number | undefined,
  audit: AdminRequest<unknown, unknown>['audit'],
): Promise<AdminAnswer> {
  const selected = await selectErasable(store, selection);
  const target = selection.by === 'ids' ? undefined : selection.source;
  const refused = (await checkFound(store, selection, selected)) ?? check(selection, selected, expect);
  if (refused !== null) return { ...refused, target };
  const entry: AuditEntry = audit('', { after: { by: selection.by, events: selected.ids.length } });
  const outcome = await store.erase(selected.ids, clock.nowMs(), entry);
  for (const delivery of outcome.due) onPending(delivery);
  const traces = await store.removeTraces();
  const reopened = outcome.states.filter((state) => state === 'open').length;
  if (reopened > 0) {
    const others = outcome.states.length - reopened;
    const detail = `${reopened} events got an open delivery meanwhile and are left as they are; ${others} are erased.`;
    return { ...refuse('not_terminal', detail), target };
  }
  return done(erasedBody(selected, outcome, traces), traces.kind === 'held' ? 202 : 200);
}

/** Why the selection cannot be erased, before anything is. */
function check(selection: EraseSelection, selected: Selected, expect: number | undefined): Refusal | null {
  const { counts, open, isTooMany } = selected;
  const events = countOf(selected);
  if (isTooMany) {
    const detail = `These are more than ${MAX_ERASED} events, the most of one request: erase them in parts. Nothing was erased.`;
    const field = { ids: '/ids', key: '/key', time: '/until' }[selection.by];
    return refuse('invalid', detail, { errors: [{ field, message: `at most ${MAX_ERASED} events` }] });
  }
  if (expect !== undefined && expect !== events) {
    return refuse('count_differs', `These are ${events} events, not ${expect}. Nothing was erased.`);
  }
  if (expect === undefined && events > EXPECT_ABOVE) {
    const message = `${events}, if all of them are to be erased`;
    return refuse('invalid', `These are ${events} events: repeat the request with "expect": ${events}.`, {
      errors: [{ field: '/expect', message }],
    });
  }
  if (counts.open > 0) {
    const names = `${open.join(', ')}${counts.open > open.length ? ' and others' : ''}`;
    const detail = `${counts.open} of ${events} events have an open delivery (${names}). Nothing was erased.`;
    return refuse('not_terminal', detail);
  }
  return null;
}

function countOf({ counts }: Selected): number {
  return counts.erased + counts.erased_before + counts.open;
}

/** A name that means nothing is a mistake; a time in which nothing was received is none. */
async function checkFound(
  store: EraseParts['store'],
  selection: EraseSelection,
  selected: Selected,
): Promise<Refusal | null> {
  if (countOf(selected) > 0) return null;
  switch (selection.by) {
    case 'ids':
      return refuse(
        'not_found',
        selection.ids.length === 1 ? UNKNOWN : 'No event of these ids is kept here.',
      );
    case 'key':
      return refuse('not_found', `No event of the source ${selection.source} with that key is kept here.`);
    case 'time':
      if (await store.hasEvents(selection.source)) return null;
      return refuse('not_found', `No event of the source ${selection.source} is kept here.`);
  }
}

function erasedBody(
  { counts }: Selected,
  { states }: EraseOutcome,
  traces: TracesOutcome,
): z.output<typeof erasedSchema> {
  const erased = states.filter((state) => state === 'erased').length;
  return {
    erased,
    erased_before: counts.erased_before + states.filter((state) => state === 'erased_before').length,
    unknown: counts.unknown + states.filter((state) => state === 'unknown').length,
    traces: traces.kind,
    ...(traces.kind === 'held' && { held_by: [...traces.readers] }),
  };
}

const REPLIES = {
  '200': json('They are erased.', referTo(schemas)('Erased')),
  '202': json('They are erased; readers keep traces in the -wal file.', referTo(schemas)('Erased')),
};

export const eraseDocument: DocumentPart = {
  schemas,
  paths: {
    '/admin/webhooks/{id}/erase': {
      post: adminOperation({
        operationId: 'eraseWebhook',
        summary: 'Erase what came with an event: body, headers, URL, errors, excerpts of answers, order keys',
        parameters: [idParameter('Id of the event.')],
        replies: REPLIES,
        problems: ['not_terminal'],
      }),
    },
    '/admin/erase': {
      post: adminOperation({
        operationId: 'eraseWebhooks',
        summary: `Erase up to ${MAX_ERASED} events by their ids, by source and key, or by source and time of receipt`,
        requestBody: jsonBody(eraseSchema),
        replies: REPLIES,
        problems: [
          'not_terminal',
          'count_differs',
          'malformed_json',
          'too_large',
          'unsupported_media_type',
          'overloaded',
        ],
      }),
    },
  },
};

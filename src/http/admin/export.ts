import { Readable } from 'node:stream';
import { z } from 'zod';
import { messageOf } from '../../domain/errors.ts';
import { type Filter, resolveFilter } from '../../filter/filter.ts';
import type { Shown } from '../../ingest/mask.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Searches } from '../../store/run-search.ts';
import type { AuditStore } from '../../store/store.ts';
import { type DocumentPart, queryParameters } from '../docs/operation.ts';
import { stream } from './answer.ts';
import type { AddEndpoint } from './endpoint.ts';
import { type EventParts, readDetails } from './events.ts';
import { adminOperation } from './operation.ts';
import { idField } from './query-fields.ts';
import { readFor } from './search.ts';
import { shownTo } from './shown-request.ts';

export type ExportParts = EventParts &
  Readonly<{ searches: Searches; clock: Clock; store: Pick<AuditStore, 'appendAudit'> }>;

const querySchema = z.strictObject({
  q: z.string().default('').describe('The filter. Empty: every event.'),
  cursor: idField('the id of the last event that was exported', 'Go on behind this event.'),
  reveal: z
    .enum(['true', 'false'])
    .default('false')
    .transform((text) => text === 'true')
    .meta({
      type: 'boolean',
      description:
        'The exact bytes and headers, unmasked: only these can be imported. Takes the role operator.',
    }),
});

const NDJSON = 'application/x-ndjson';
/** Events that one search finds; the place among the searches is free in between. */
const SEARCHED = 200;
/** Events that are read at once, so that memory holds a few bodies. */
const READ_AT_ONCE = 8;

/** `GET /admin/export`: whole events that fit a filter, from new to old, as lines of JSON. */
export function addExportEndpoints(add: AddEndpoint, parts: ExportParts): void {
  const query = { schema: querySchema, asks: 'Ask with ?q= for a filter, &cursor=, and &reveal=true.' };
  add('GET /admin/export', { query }, async ({ actor, query: { q, cursor = null, reveal }, audit }) => {
    const read = readFor(actor.role, q);
    if (read.kind === 'refused') return read;
    const shown = shownTo(actor.role, reveal);
    if (typeof shown !== 'string') return shown;
    const filter = resolveFilter(read.filter, parts.clock.nowMs());
    // What a filter asks for may be what a customer is to be forgotten by: the row has the kinds of its terms alone.
    const terms = [...new Set(filter.map(({ field }) => field))].join();
    await parts.store.appendAudit(audit('events', { after: { terms, revealed: reveal, cursor } }));
    const gone = new AbortController();
    const lines = Readable.from(linesOf(parts, { filter, cursor, shown }, gone.signal));
    lines.once('close', () => gone.abort());
    return stream(NDJSON, lines);
  });
}

type Export = Readonly<{ filter: Filter; cursor: string | null; shown: Shown }>;

/** Lines of JSON: `event` for each, and `end` with what was left out, or `error`. */
async function* linesOf(
  parts: ExportParts,
  { filter, cursor, shown }: Export,
  signal: AbortSignal,
): AsyncGenerator<string> {
  let [at, events, erased] = [cursor, 0, 0];
  try {
    for (let isMore = true; isMore; ) {
      isMore = false;
      for await (const step of parts.searches.steps({ filter, limit: SEARCHED, cursor: at }, signal)) {
        at = step.next;
        isMore = at !== null;
        const ids = step.hits.map(({ event }) => event.id);
        for (let from = 0; from < ids.length; from += READ_AT_ONCE) {
          const some = ids.slice(from, from + READ_AT_ONCE);
          for (const details of await Promise.all(some.map((id) => readDetails(parts, id, shown)))) {
            // It may have been deleted since.
            if (details === null) continue;
            if (details.erased_at !== undefined) erased += 1;
            else {
              events += 1;
              yield line({ event: { ...details, revealed: shown === 'revealed' } });
            }
          }
        }
      }
    }
    yield line({ end: { events, erased } });
  } catch (error) {
    if (!signal.aborted) yield line({ error: { detail: messageOf(error) } });
  }
}

function line(value: object): string {
  return `${JSON.stringify(value)}\n`;
}

export const exportDocument: DocumentPart = {
  schemas: {},
  paths: {
    '/admin/export': {
      get: adminOperation({
        operationId: 'exportEvents',
        summary: 'Whole events that fit a filter, newest first, as lines of JSON',
        parameters: queryParameters(querySchema),
        replies: {
          '200': {
            description:
              'A line for each event, as `GET /admin/webhooks/{id}` shows it; and `end` with the counts, of erased events too, or `error`.',
            content: { [NDJSON]: { schema: { type: 'string' } } },
          },
        },
      }),
    },
  },
};

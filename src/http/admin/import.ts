import { z } from 'zod';
import type { ImportEvents } from '../../ingest/import-events.ts';
import { isUuid } from '../../runtime/ids.ts';
import type { AuditStore } from '../../store/store.ts';
import { type DocumentPart, json, jsonBody, referTo } from '../docs/operation.ts';
import { done, refuse } from './answer.ts';
import type { AddEndpoint } from './endpoint.ts';
import { adminOperation } from './operation.ts';

export type ImportParts = Readonly<{ importEvents: ImportEvents; store: Pick<AuditStore, 'appendAudit'> }>;

/** Most events of one request. */
const EVENTS_MAX = 500;
const text = (most: number) => z.string().max(most);

const eventSchema = z.object({
  id: z.string().refine((id) => isUuid(id) && id.endsWith('0000'), 'the id of an event'),
  source: text(64).min(1),
  idempotency_key: text(4096).min(1),
  event_type: text(4096),
  origin: z.enum(['received', 'reconciled', 'test', 'imported']),
  method: text(32).min(1),
  url: text(65_536),
  headers: z.array(z.tuple([text(65_536), text(65_536)])).max(4_096),
  body: z.string(),
  body_encoding: z.enum(['utf8', 'base64']),
  created_at: z.iso.datetime(),
  revealed: z.literal(true, 'true: what was exported without --reveal is masked'),
});

const bodySchema = z.strictObject({
  deliver: z.boolean().default(false).describe('Deliver them by the routes of this receiver.'),
  events: z.array(eventSchema).min(1).max(EVENTS_MAX),
});

const schemas = {
  Imported: z.object({
    imported: z.int().min(0),
    known: z.int().min(0).describe('Events that are here already.'),
    key_taken: z.int().min(0).describe('Events whose key another event has here, which stays as it is.'),
    erased: z.int().min(0).describe('Events that were erased here.'),
  }),
};

/** `POST /admin/import`: stores events of an export as history. */
export function addImportEndpoints(add: AddEndpoint, { importEvents, store }: ImportParts): void {
  const asks = 'Send "events" as they were exported with --reveal, and if wanted "deliver".';
  add('POST /admin/import', { body: { schema: bodySchema, asks } }, async ({ body, audit }) => {
    const outcome = await importEvents(body.events.map(toEvent), body.deliver);
    const { full, ...counts } = outcome;
    const detail = { deliver: body.deliver, ...counts };
    await store.appendAudit(audit('events', { after: detail }));
    if (full)
      return refuse('queue_full', 'There is no room for more deliveries now. Send these events again.');
    return done({ ...counts });
  });
}

function toEvent(event: z.output<typeof eventSchema>) {
  const contentType = event.headers.find(([name]) => name.toLowerCase() === 'content-type')?.[1] ?? '';
  return {
    id: event.id,
    source: event.source,
    idempotencyKey: event.idempotency_key,
    eventType: event.event_type,
    // What was reconciled or a test there is so here.
    origin: event.origin === 'received' ? ('imported' as const) : event.origin,
    method: event.method,
    url: event.url,
    headers: event.headers.flat(),
    contentType,
    body: Buffer.from(event.body, event.body_encoding),
    receivedAtMs: Date.parse(event.created_at),
  };
}

export const importDocument: DocumentPart = {
  schemas,
  paths: {
    '/admin/import': {
      post: adminOperation({
        operationId: 'importEvents',
        summary: 'Store events of an export as history, without deliveries unless asked',
        requestBody: jsonBody(bodySchema),
        replies: { '200': json('What became of them.', referTo(schemas)('Imported')) },
        problems: ['queue_full', 'malformed_json', 'too_large', 'unsupported_media_type', 'overloaded'],
      }),
    },
  },
};

import { z } from 'zod';
import type { ImportEvents } from '../../ingest/import-events.ts';
import type { AuditStore } from '../../store/store.ts';
import { type DocumentPart, json, jsonBody, referTo } from '../docs/operation.ts';
import { done, refuse } from './answer.ts';
import type { AddEndpoint } from './endpoint.ts';
import { adminOperation } from './operation.ts';
import { pastEventSchema, toPastEvent } from './past-event.ts';

export type ImportParts = Readonly<{ importEvents: ImportEvents; store: Pick<AuditStore, 'appendAudit'> }>;

/** Most events of one request. */
const EVENTS_MAX = 500;

const bodySchema = z.strictObject({
  deliver: z.boolean().default(false).describe('Deliver them by the routes of this receiver.'),
  events: z.array(pastEventSchema).min(1).max(EVENTS_MAX),
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
    const outcome = await importEvents(body.events.map(toPastEvent), body.deliver);
    const { full, ...counts } = outcome;
    const detail = { deliver: body.deliver, ...counts };
    await store.appendAudit(audit('events', { after: detail }));
    if (full === 'queue')
      return refuse('queue_full', 'There is no room for more deliveries now. Send these events again.');
    if (full === 'disk')
      return refuse(
        'disk_low',
        'The disk has less free space than MIN_FREE_DISK_BYTES: free some, and import again.',
      );
    return done({ ...counts });
  });
}

export const importDocument: DocumentPart = {
  schemas,
  paths: {
    '/admin/import': {
      post: adminOperation({
        operationId: 'importEvents',
        summary: 'Store events of an export as history, with what became of them; deliver them if asked',
        requestBody: jsonBody(bodySchema),
        replies: { '200': json('What became of them.', referTo(schemas)('Imported')) },
        problems: [
          'queue_full',
          'disk_low',
          'malformed_json',
          'too_large',
          'unsupported_media_type',
          'overloaded',
        ],
      }),
    },
  },
};

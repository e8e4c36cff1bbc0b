import { z } from 'zod';
import type { Mask } from '../../ingest/mask.ts';
import type { Reverify, ReverifyOutcome } from '../../ingest/reverify-outcome.ts';
import { type Clock, monotonicMs } from '../../runtime/clock.ts';
import { isUuid } from '../../runtime/ids.ts';
import type {
  AuditStore,
  RejectedPage,
  RejectedRequest,
  RejectedStore,
  RejectedSummary,
} from '../../store/store.ts';
import { VERIFY_REASONS } from '../../verify/outcome.ts';
import { type DocumentPart, idParameter, json, linkTo, queryParameters, referTo } from '../docs/operation.ts';
import { receiptFields } from '../ingest/reply.ts';
import { id, pageQuerySchema, receiptSchema, time, timeText } from '../schemas.ts';
import { done, refuse } from './answer.ts';
import type { AddEndpoint } from './endpoint.ts';
import { adminOperation } from './operation.ts';
import { type ReportParts, reportReverified } from './report-reverified.ts';
import { revealQuery, shownRequest, shownRequestShape, shownTo, shownUnasked } from './shown-request.ts';

export type RejectedParts = Readonly<{
  store: Pick<RejectedStore, 'listRejected' | 'readRejected'> & Pick<AuditStore, 'appendAudit'>;
  reverify: Reverify;
  mask: Mask;
  clock: Clock;
}> &
  ReportParts;

const listQuerySchema = pageQuerySchema.extend({
  source: z.string().min(1).optional().describe('Only requests of this source.'),
});

const summarySchema = z.object({
  id: id.meta({ description: 'UUIDv7 of the request.' }),
  source: z.string(),
  reason: z.string().describe('Why it was not verified; `webhook_events_total` has the same values.'),
  detail: z.string(),
  method: z.string(),
  url: z.string().describe('Path and query, secrets redacted.'),
  content_type: z.string(),
  body_bytes: z.int().min(0).describe('Bytes of the body as sent.'),
  received_at: time,
});

const requestSchema = z.object({
  ...summarySchema.shape,
  ...shownRequestShape,
  body: shownRequestShape.body.describe(
    'What may not be shown is `[redacted]`. Null if the body was longer than 256 KiB; the first 4 KiB if the request was ' +
      '`too_large`.',
  ),
});

const reverifiedSchema = z.object({
  outcome: z.enum(['accepted', 'duplicate', 'handshake', 'rejected']),
  reason: z.enum(VERIFY_REASONS).optional().describe('Why the request was rejected again; it stays.'),
  detail: z.string().optional(),
  handshake: z
    .string()
    .optional()
    .describe(
      'The name of the handshake. Its action is done; the request is an event too only if `event` is present.',
    ),
  event: receiptSchema.optional(),
});

const schemas = {
  RejectedList: z.object({ rejected: z.array(summarySchema), next: z.string().nullable() }),
  RejectedRequest: requestSchema,
  Reverified: reverifiedSchema,
};
export type RejectedList = z.output<typeof schemas.RejectedList>;
export type ShownRejected = z.output<typeof schemas.RejectedRequest>;
export type ReverifiedRequest = z.output<typeof schemas.Reverified>;
const ref = referTo(schemas);

const UNKNOWN = 'No rejected request of that id is kept here.';

/** Requests that were not verified: show them, and verify them again once the configuration is right. */
export function addRejectedEndpoints(add: AddEndpoint, parts: RejectedParts): void {
  const { store, mask, reverify, clock } = parts;
  const list = {
    schema: listQuerySchema,
    asks: 'Ask with ?limit= from 1 to 500, &source= for one source, &cursor= for a next page.',
  };
  add('GET /admin/rejected', { query: list }, async ({ actor, query }) => {
    const { limit, cursor = null, source = null } = query;
    const page = await store.listRejected(limit, cursor, source);
    const shown = shownUnasked(actor.role);
    const requests = page.requests.map((request) =>
      mask(request.source, { ...request, headers: [], body: null }, shown),
    );
    return done(pageBody({ ...page, requests }));
  });

  add('GET /admin/rejected/:id', { query: revealQuery }, async ({ actor, params, query, audit }) => {
    const shown = shownTo(actor.role, query.reveal);
    if (typeof shown !== 'string') return shown;
    const id = params.id!.toLowerCase();
    const kept = isUuid(id) ? await store.readRejected(id) : null;
    if (kept === null) return refuse('not_found', UNKNOWN);
    if (shown === 'revealed') await store.appendAudit(audit(id));
    return done(requestBody(mask(kept.source, kept, shown)));
  });

  add('POST /admin/rejected/:id/reverify', {}, async ({ params, audit }) => {
    const startedMs = monotonicMs();
    const id = params.id!.toLowerCase();
    const outcome = isUuid(id)
      ? await reverify(id, clock.nowMs(), audit(id))
      : ({ kind: 'unknown' } as const);
    await reportReverified(parts, outcome, monotonicMs() - startedMs);
    switch (outcome.kind) {
      case 'unknown':
        return refuse('not_found', UNKNOWN);
      case 'full':
        return refuse('queue_full', 'QUEUE_MAXSIZE deliveries are pending. Nothing was stored.');
      case 'keys_unavailable':
        return refuse(outcome.kind, outcome.detail);
      case 'rejected':
        await store.appendAudit(audit(id, { after: { outcome: outcome.kind, reason: outcome.reason } }));
        return done(reverifiedBody(outcome));
      default:
        return done(reverifiedBody(outcome));
    }
  });
}

type Reverified = Extract<ReverifyOutcome, { kind: 'accepted' | 'duplicate' | 'handshake' | 'rejected' }>;

function reverifiedBody(outcome: Reverified): z.output<typeof reverifiedSchema> {
  switch (outcome.kind) {
    case 'rejected':
      return { outcome: outcome.kind, reason: outcome.reason, detail: outcome.detail };
    case 'handshake': {
      const { kind, handshake, event } = outcome;
      return { outcome: kind, handshake, ...(event !== null && { event: receiptFields(event.receipt) }) };
    }
    default:
      return { outcome: outcome.kind, event: receiptFields(outcome.receipt) };
  }
}

function pageBody({ requests, next }: RejectedPage): z.output<typeof schemas.RejectedList> {
  return { rejected: requests.map(summaryBody), next };
}

function summaryBody(request: RejectedSummary): z.output<typeof summarySchema> {
  return {
    id: request.id,
    source: request.source,
    reason: request.reason,
    detail: request.detail,
    method: request.method,
    url: request.url,
    content_type: request.contentType,
    body_bytes: request.bodyBytes,
    received_at: timeText(request.receivedAtMs),
  };
}

function requestBody(request: RejectedRequest): z.output<typeof requestSchema> {
  return { ...summaryBody(request), ...shownRequest(request) };
}

const REJECTED_ID = idParameter('Id of the rejected request.');

export const rejectedDocument: DocumentPart = {
  schemas,
  paths: {
    '/admin/rejected': {
      get: adminOperation({
        operationId: 'listRejected',
        summary: 'Requests that were not verified, newest first',
        parameters: queryParameters(listQuerySchema),
        replies: {
          '200': json('A page.', ref('RejectedList'), {
            nextPage: linkTo('listRejected', { cursor: '$response.body#/next' }),
            request: linkTo('getRejected', { id: '$response.body#/rejected/0/id' }),
            reverify: linkTo('reverifyRejected', { id: '$response.body#/rejected/0/id' }),
          }),
        },
      }),
    },
    '/admin/rejected/{id}': {
      get: adminOperation({
        operationId: 'getRejected',
        summary: 'A request that was not verified, with headers and body',
        parameters: [REJECTED_ID, ...queryParameters(revealQuery.schema)],
        replies: {
          '200': json('The request.', ref('RejectedRequest'), {
            reverify: linkTo('reverifyRejected', { id: '$response.body#/id' }),
          }),
        },
      }),
    },
    '/admin/rejected/{id}/reverify': {
      post: adminOperation({
        operationId: 'reverifyRejected',
        summary: 'Verify a rejected request again, as of its arrival, and accept its event if it passes',
        parameters: [REJECTED_ID],
        replies: {
          '200': json('The outcome.', ref('Reverified'), {
            event: linkTo('getWebhookDetails', { id: '$response.body#/event/id' }),
          }),
        },
        problems: ['queue_full', 'keys_unavailable'],
      }),
    },
  },
};

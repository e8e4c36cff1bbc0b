import { isUtf8 } from 'node:buffer';
import type { FastifyInstance } from 'fastify';
import type { Emit } from '../events.ts';
import type { ReverifiedEvent, Reverify, ReverifyOutcome } from '../ingest/reverify.ts';
import { type Clock, monotonicMs } from '../runtime/clock.ts';
import { isUuid } from '../runtime/ids.ts';
import type { RejectedRequest, RejectedStore, RejectedSummary } from '../store/store.ts';
import { rejectedQuerySchema } from './admin-schemas.ts';
import { handshakeEvent } from './handshake-event.ts';
import { receiptFields } from './ingest-reply.ts';
import { replyInvalidQuery, replyProblem } from './reply.ts';
import { timeText } from './status-route.ts';

export type RejectedParts = Readonly<{
  store: Pick<RejectedStore, 'listRejected' | 'readRejected'>;
  reverify: Reverify;
  clock: Clock;
  emit: Emit;
  /** The event is durable, and has a pending delivery for each of the destinations. */
  onAccepted: (eventId: string, destinations: readonly string[]) => void;
}>;

type ById = { Params: { id: string } };

/** Requests that were not verified: to look at, and to verify again once the secret is right. */
export function registerRejected(admin: FastifyInstance, parts: RejectedParts): void {
  const { store, reverify, clock } = parts;

  admin.get('/admin/rejected', async (request, reply) => {
    const query = rejectedQuerySchema.safeParse(request.query);
    if (!query.success) {
      const detail = 'Ask with ?limit= from 1 to 500, &source= for one source, &cursor= for a next page.';
      return replyInvalidQuery(reply, detail, query.error);
    }
    const { limit, cursor = null, source = null } = query.data;
    const page = await store.listRejected(limit, cursor, source);
    return { rejected: page.requests.map(summaryBody), next: page.next };
  });

  admin.get<ById>('/admin/rejected/:id', async (request, reply) => {
    const id = request.params.id.toLowerCase();
    const kept = isUuid(id) ? await store.readRejected(id) : null;
    if (kept === null) return replyProblem(reply, 'not_found', UNKNOWN);
    return requestBody(kept);
  });

  admin.post<ById>('/admin/rejected/:id/reverify', async (request, reply) => {
    const startedMs = monotonicMs();
    const id = request.params.id.toLowerCase();
    const outcome = isUuid(id) ? await reverify(id, clock.nowMs()) : ({ kind: 'unknown' } as const);
    tell(parts, outcome, monotonicMs() - startedMs);
    switch (outcome.kind) {
      case 'unknown':
        return replyProblem(reply, 'not_found', UNKNOWN);
      case 'full':
        return replyProblem(reply, 'queue_full', 'QUEUE_MAXSIZE deliveries are pending. Nothing was stored.');
      case 'keys_unavailable':
        return replyProblem(reply, outcome.kind, outcome.detail);
      case 'rejected':
        return { outcome: outcome.kind, reason: outcome.reason, detail: outcome.detail };
      case 'handshake': {
        const { kind, handshake, event } = outcome;
        return { outcome: kind, handshake, ...(event !== null && { event: receiptFields(event.receipt) }) };
      }
      default:
        return { outcome: outcome.kind, event: receiptFields(outcome.receipt) };
    }
  });
}

const UNKNOWN = 'No rejected request of that id is kept here.';

function tell(parts: RejectedParts, outcome: ReverifyOutcome, durationMs: number): void {
  switch (outcome.kind) {
    case 'accepted':
    case 'duplicate':
      tellEvent(parts, outcome, durationMs);
      return;
    case 'handshake': {
      const { source, handshake, reply, event } = outcome;
      if (event !== null) tellEvent(parts, event, durationMs);
      parts.emit(handshakeEvent(source, handshake, reply));
      return;
    }
    default:
  }
}

function tellEvent({ emit, onAccepted }: RejectedParts, outcome: ReverifiedEvent, durationMs: number): void {
  switch (outcome.kind) {
    case 'accepted': {
      const { receipt, source, eventType, destinations, bodyBytes } = outcome;
      const eventId = receipt.id;
      const deliveries = destinations.length;
      emit({ type: 'event.accepted', eventId, source, eventType, deliveries, bodyBytes, durationMs });
      onAccepted(eventId, destinations);
      return;
    }
    case 'duplicate': {
      const { receipt, source, conflict } = outcome;
      emit({ type: 'event.duplicate', eventId: receipt.id, source, conflict, durationMs });
    }
  }
}

function summaryBody(request: RejectedSummary): Record<string, unknown> {
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

function requestBody(request: RejectedRequest): Record<string, unknown> {
  const { headers, body } = request;
  const encoding = body === null ? null : isUtf8(body) ? 'utf8' : 'base64';
  return {
    ...summaryBody(request),
    headers: Array.from({ length: headers.length / 2 }, (_, i) => [headers[2 * i], headers[2 * i + 1]]),
    body: body === null ? null : Buffer.from(body).toString(encoding ?? 'utf8'),
    body_encoding: encoding,
  };
}

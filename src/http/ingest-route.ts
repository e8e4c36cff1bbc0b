import type { IncomingMessage, ServerResponse } from 'node:http';
import { StoreError } from '../domain/errors.ts';
import { DEFAULT_SOURCE } from '../domain/source.ts';
import type { Accept, AcceptOutcome, Receipt } from '../ingest/accept.ts';
import type { FieldError } from '../ingest/envelope.ts';
import type { RawRequest } from '../ingest/raw-request.ts';
import type { Emit, RejectionReason } from '../observe/events.ts';
import { monotonicMs } from '../runtime/clock.ts';
import { problemReply } from './problem.ts';
import { type BodyBudget, readBody, releaseBody } from './read-body.ts';
import { sendProblem } from './send-problem.ts';

export type IngestParts = Readonly<{
  accept: Accept;
  sources: readonly string[];
  budget: BodyBudget;
  emit: Emit;
  /** False once the receiver is told to stop. */
  isOpen: () => boolean;
}>;

type Rejection = Readonly<{ reason: RejectionReason; detail: string; fields?: readonly FieldError[] }>;
type Took = Readonly<{ durationMs: number; bodyBytes: number }>;

const PATH = '/webhooks';

const UNKNOWN_SOURCE: Rejection = {
  reason: 'unknown_source',
  detail: 'No source of that name is configured.',
};

/** Whether a request is for the ingest route; all others are the framework's. */
export function isIngest(request: IncomingMessage): boolean {
  if (request.method !== 'POST') return false;
  const url = request.url!;
  return url.startsWith(PATH) && (url.length === PATH.length || '/?'.includes(url[PATH.length]!));
}

/**
 * `POST /webhooks` and `POST /webhooks/{source}`. It works on node:http's own objects: this is the hot path, and a
 * framework's routing, hooks and reply cost as much as all the rest of an accept.
 */
export function createIngestRoute(
  parts: IngestParts,
): (request: IncomingMessage, response: ServerResponse) => void {
  const { accept, budget, emit, isOpen } = parts;
  const known = new Set([DEFAULT_SOURCE, ...parts.sources]);

  const reject = (response: ServerResponse, source: string | null, rejection: Rejection) => {
    const { reason, detail, fields } = rejection;
    emit({ type: 'event.rejected', source, reason, detail });
    if (reason === 'aborted') return;
    if (!isOpen()) response.setHeader('connection', 'close');
    sendProblem(response, problemReply(reason, detail, fields));
  };

  const answer = (response: ServerResponse, source: string, outcome: AcceptOutcome, took: Took) => {
    const { durationMs, bodyBytes } = took;
    switch (outcome.kind) {
      case 'accepted': {
        const { receipt, eventType, deliveries } = outcome;
        const eventId = receipt.id;
        emit({ type: 'event.accepted', eventId, source, eventType, deliveries, bodyBytes, durationMs });
        return sendReceipt(response, 202, receipt, isOpen());
      }
      case 'duplicate': {
        const { receipt, conflict } = outcome;
        emit({ type: 'event.duplicate', eventId: receipt.id, source, conflict, durationMs });
        return sendReceipt(response, 200, receipt, isOpen());
      }
      default:
        reject(response, source, refusalOf(outcome));
    }
  };

  const fail = (response: ServerResponse, source: string, error: unknown) => {
    emit({ type: 'store.failed', operation: 'insert', error: error as Error });
    // Any other error is a surprise, and its message not made for the public.
    const cause = error instanceof StoreError ? error.message : 'the log has the cause';
    const reason = isOpen() ? 'store_error' : 'shutting_down';
    reject(response, source, { reason, detail: `The event was not stored: ${cause}.` });
  };

  return (request, response) => {
    const startedMs = monotonicMs();
    const source = sourceOf(request.url!);
    if (!known.has(source)) return reject(response, null, UNKNOWN_SOURCE);
    const refusal = refuseEarly(request, budget, isOpen());
    if (refusal !== null) return reject(response, source, refusal);
    if (waitsForContinue(request)) response.writeContinue();

    readBody(request, budget, (read) => {
      if (read.kind !== 'body') return reject(response, source, unreadable(read.kind, budget));
      const { body } = read;
      accept(source, toRaw(request, body)).then(
        (outcome) => {
          releaseBody(budget, body);
          const took = { durationMs: monotonicMs() - startedMs, bodyBytes: body.length };
          answer(response, source, outcome, took);
        },
        (error: unknown) => {
          releaseBody(budget, body);
          fail(response, source, error);
        },
      );
    });
  };
}

function toRaw(request: IncomingMessage, body: Uint8Array): RawRequest {
  return {
    method: request.method!,
    url: request.url!,
    headers: request.rawHeaders,
    contentType: request.headers['content-type']!,
    body,
  };
}

/** `/webhooks` -> default, `/webhooks/github?x=1` -> github. */
function sourceOf(url: string): string {
  if (url.length === PATH.length) return DEFAULT_SOURCE;
  const query = url.indexOf('?');
  const path = query === -1 ? url : url.slice(0, query);
  const source = path.slice(PATH.length + 1);
  return source === '' ? DEFAULT_SOURCE : source;
}

/** What can be told from the head alone is, so that a refused body is never read. */
function refuseEarly({ headers }: IncomingMessage, budget: BodyBudget, isOpen: boolean): Rejection | null {
  if (!isOpen) return { reason: 'shutting_down', detail: 'No events are taken now; send this one again.' };
  const contentType = headers['content-type'] ?? '';
  if (!isJson(contentType)) {
    const got = contentType === '' ? 'there is none' : 'it is another';
    return { reason: 'unsupported_media_type', detail: `The content type must be application/json; ${got}.` };
  }
  const encoding = headers['content-encoding'];
  if (encoding !== undefined && encoding.toLowerCase() !== 'identity') {
    return { reason: 'unsupported_media_type', detail: 'The body must come without a content encoding.' };
  }
  const length = headers['content-length'];
  if (length !== undefined && Number(length) > budget.maxBodyBytes) return unreadable('too_large', budget);
  return null;
}

function isJson(contentType: string): boolean {
  if (contentType === 'application/json') return true;
  const type = contentType.split(';', 1)[0]!.trim().toLowerCase();
  return type === 'application/json' || (type.startsWith('application/') && type.endsWith('+json'));
}

function waitsForContinue({ headers, httpVersionMinor }: IncomingMessage): boolean {
  return headers.expect !== undefined && httpVersionMinor > 0 && /^100-continue$/i.test(headers.expect);
}

function unreadable(kind: 'too_large' | 'overloaded' | 'aborted', budget: BodyBudget): Rejection {
  switch (kind) {
    case 'too_large':
      return {
        reason: kind,
        detail: `The body may have up to ${budget.maxBodyBytes} bytes (MAX_BODY_BYTES).`,
      };
    case 'overloaded':
      return { reason: kind, detail: 'As many bytes as may be are being received; send this event again.' };
    case 'aborted':
      return { reason: kind, detail: 'The connection ended before the body did.' };
  }
}

function refusalOf(outcome: Exclude<AcceptOutcome, { kind: 'accepted' | 'duplicate' }>): Rejection {
  switch (outcome.kind) {
    case 'full':
      return { reason: 'queue_full', detail: 'QUEUE_MAXSIZE deliveries are pending. Nothing was stored.' };
    case 'malformed_json':
      return { reason: outcome.kind, detail: outcome.detail };
    case 'invalid': {
      const names = outcome.fields.map(({ field }) => field || 'the body').join(', ');
      return { reason: outcome.kind, detail: `Wrong: ${names}.`, fields: outcome.fields };
    }
  }
}

function sendReceipt(response: ServerResponse, status: number, receipt: Receipt, keepAlive: boolean): void {
  const body =
    `{"id":"${receipt.id}","idempotency_key":${JSON.stringify(receipt.idempotencyKey)},` +
    `"status":"${receipt.status}","created_at":"${new Date(receipt.receivedAtMs).toISOString()}"}`;
  const headers = [
    'content-type',
    'application/json',
    'content-length',
    String(Buffer.byteLength(body)),
    'x-content-type-options',
    'nosniff',
  ];
  if (!keepAlive) headers.push('connection', 'close');
  response.writeHead(status, headers);
  response.end(body);
}
